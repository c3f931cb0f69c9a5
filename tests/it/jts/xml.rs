//! XML by the reader that comes with GDAL: no library of our own for files that only tests read.

use std::ffi::{CStr, CString};
use std::path::Path;

use gdal_sys::{CPLDestroyXMLNode, CPLParseXMLFile, CPLXMLNode, CPLXMLNodeType};

#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The children of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |c| c.name == name)
    }
}

/// The file's outermost element.
pub fn read(path: &Path) -> Option<Element> {
    let path = CString::new(path.to_str()?).ok()?;
    // SAFETY: the path is a C string; the tree is only read, and freed once.
    unsafe {
        let tree = CPLParseXMLFile(path.as_ptr());
        let mut top = Element::default();
        let mut node = tree.cast_const();
        while !node.is_null() {
            add(&*node, &mut top);
            node = (*node).psNext;
        }
        CPLDestroyXMLNode(tree);
        top.children.into_iter().find(|e| !e.name.starts_with('?'))
    }
}

/// Adds a node to the element that holds it.
///
/// # Safety
/// The node is one of a tree that GDAL made.
unsafe fn add(node: &CPLXMLNode, parent: &mut Element) {
    // SAFETY: GDAL ends every value with a zero, every list with a null.
    unsafe {
        let value = CStr::from_ptr(node.pszValue).to_string_lossy().into_owned();
        match node.eType {
            CPLXMLNodeType::CXT_Element => {
                let mut element = Element { name: value, ..Element::default() };
                let mut child = node.psChild.cast_const();
                while !child.is_null() {
                    add(&*child, &mut element);
                    child = (*child).psNext;
                }
                parent.children.push(element);
            }
            CPLXMLNodeType::CXT_Text => parent.text += &value,
            CPLXMLNodeType::CXT_Attribute if !node.psChild.is_null() => {
                let text = CStr::from_ptr((*node.psChild).pszValue).to_string_lossy().into_owned();
                parent.attributes.push((value, text));
            }
            _ => {}
        }
    }
}
