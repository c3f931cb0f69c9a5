//! libproj behind safe types: contexts, objects, pipelines. All the unsafe code of `crs` is here.
//!
//! An object borrows its context, so none outlives it; a pipeline owns a context of its own, so it may
//! be handed from thread to thread (never used by two at once: `&mut self`). libproj logs nowhere.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{NonNull, null, null_mut};

use proj_sys as sys;

use crate::model::Coord;

unsafe extern "C" fn silent(_: *mut c_void, _: i32, _: *const c_char) {}

/// Text that libproj owns, copied.
fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: libproj returns null or a NUL-terminated string that lives as long as its object.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

pub(super) struct Context(NonNull<sys::PJ_CONTEXT>);

impl Context {
    /// None only when memory is out.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: a fresh context; the log function has libproj's signature and touches nothing.
        let context = unsafe { sys::proj_context_create() };
        unsafe { sys::proj_log_func(context, null_mut(), Some(silent)) };
        // A server never fetches grids on its own.
        unsafe { sys::proj_context_set_enable_network(context, 0) };
        NonNull::new(context).map(Context)
    }

    fn own(&self, pj: *mut sys::PJ) -> Option<Object<'_>> {
        NonNull::new(pj).map(|pj| Object { pj, context: self })
    }

    /// An object from `EPSG:n`, an URN, WKT, PROJJSON or a PROJ string.
    pub(super) fn create(&self, definition: &str) -> Option<Object<'_>> {
        let definition = CString::new(definition).ok()?;
        // SAFETY: a valid context and a NUL-terminated string.
        self.own(unsafe { sys::proj_create(self.0.as_ptr(), definition.as_ptr()) })
    }

    /// What leads from one CRS to another, best first; grids that are not installed do not count.
    /// `area`: west, south, east, north in degrees.
    pub(super) fn operations(&self, from: &Object, to: &Object, area: Option<[f64; 4]>) -> Vec<Object<'_>> {
        let context = self.0.as_ptr();
        // SAFETY: every pointer was made by this context and is freed once; the list is freed after its items were copied out.
        unsafe {
            let factory = sys::proj_create_operation_factory_context(context, null());
            if factory.is_null() {
                return Vec::new();
            }
            sys::proj_operation_factory_context_set_grid_availability_use(
                context,
                factory,
                sys::PROJ_GRID_AVAILABILITY_USE_PROJ_GRID_AVAILABILITY_DISCARD_OPERATION_IF_MISSING_GRID,
            );
            sys::proj_operation_factory_context_set_spatial_criterion(
                context,
                factory,
                sys::PROJ_SPATIAL_CRITERION_PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION,
            );
            if let Some([west, south, east, north]) = area {
                sys::proj_operation_factory_context_set_area_of_interest(context, factory, west, south, east, north);
            }
            let list = sys::proj_create_operations(context, from.pj.as_ptr(), to.pj.as_ptr(), factory);
            sys::proj_operation_factory_context_destroy(factory);
            if list.is_null() {
                return Vec::new();
            }
            let n = sys::proj_list_get_count(list);
            let operations = (0..n).filter_map(|i| self.own(sys::proj_list_get(context, list, i))).collect();
            sys::proj_list_destroy(list);
            operations
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by proj_context_create, destroyed once, after every object that borrows it.
        unsafe { sys::proj_context_destroy(self.0.as_ptr()) };
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Geographic,
    Projected,
    Compound,
    Bound,
    Conversion,
    Transformation,
    Concatenated,
    Other,
}

/// One axis of a CRS: where it points and how many metres or radians its unit has.
pub(super) struct Axis {
    pub direction: String,
    pub unit_factor: f64,
}

pub(super) struct Object<'c> {
    pj: NonNull<sys::PJ>,
    context: &'c Context,
}

// SAFETY of the calls below: `pj` and `context` are alive as long as `self`; out-pointers point to locals.
impl<'c> Object<'c> {
    fn context(&self) -> *mut sys::PJ_CONTEXT {
        self.context.0.as_ptr()
    }

    pub(super) fn kind(&self) -> Kind {
        match unsafe { sys::proj_get_type(self.pj.as_ptr()) } {
            sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS | sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS => Kind::Geographic,
            sys::PJ_TYPE_PJ_TYPE_PROJECTED_CRS => Kind::Projected,
            sys::PJ_TYPE_PJ_TYPE_COMPOUND_CRS => Kind::Compound,
            sys::PJ_TYPE_PJ_TYPE_BOUND_CRS => Kind::Bound,
            sys::PJ_TYPE_PJ_TYPE_CONVERSION => Kind::Conversion,
            sys::PJ_TYPE_PJ_TYPE_TRANSFORMATION => Kind::Transformation,
            sys::PJ_TYPE_PJ_TYPE_CONCATENATED_OPERATION => Kind::Concatenated,
            _ => Kind::Other,
        }
    }

    pub(super) fn name(&self) -> String {
        text(unsafe { sys::proj_get_name(self.pj.as_ptr()) }).unwrap_or_default()
    }

    /// `("EPSG", "5897")`; for an operation used backwards the authority is `INVERSE(EPSG)`.
    pub(super) fn id(&self) -> Option<(String, String)> {
        let authority = text(unsafe { sys::proj_get_id_auth_name(self.pj.as_ptr(), 0) })?;
        Some((authority, text(unsafe { sys::proj_get_id_code(self.pj.as_ptr(), 0) })?))
    }

    /// West, south, east, north in degrees.
    pub(super) fn area_of_use(&self) -> Option<[f64; 4]> {
        let [mut west, mut south, mut east, mut north] = [0.0; 4];
        let known = unsafe {
            sys::proj_get_area_of_use(self.context(), self.pj.as_ptr(), &mut west, &mut south, &mut east, &mut north, null_mut())
        };
        (known == 1 && west > -999.0).then_some([west, south, east, north])
    }

    /// The CRS inside: of a bound CRS its source, of a compound one its horizontal part.
    pub(super) fn inner(&self) -> Option<Object<'c>> {
        let pj = match self.kind() {
            Kind::Bound => unsafe { sys::proj_get_source_crs(self.context(), self.pj.as_ptr()) },
            Kind::Compound => unsafe { sys::proj_crs_get_sub_crs(self.context(), self.pj.as_ptr(), 0) },
            _ => return None,
        };
        self.context.own(pj)
    }

    /// Of an operation.
    pub(super) fn source(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_get_source_crs(self.context(), self.pj.as_ptr()) })
    }

    /// Of an operation.
    pub(super) fn target(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_get_target_crs(self.context(), self.pj.as_ptr()) })
    }

    /// The geographic CRS that a projected one rests on; itself when it is geographic.
    pub(super) fn geodetic(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_crs_get_geodetic_crs(self.context(), self.pj.as_ptr()) })
    }

    pub(super) fn datum(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_crs_get_datum_forced(self.context(), self.pj.as_ptr()) })
    }

    /// The conversion of a projected CRS; the transformation to WGS 84 of a bound one.
    pub(super) fn operation(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_crs_get_coordoperation(self.context(), self.pj.as_ptr()) })
    }

    pub(super) fn axes(&self) -> Vec<Axis> {
        let Some(system) = self.context.own(unsafe { sys::proj_crs_get_coordinate_system(self.context(), self.pj.as_ptr()) }) else {
            return Vec::new();
        };
        let n = unsafe { sys::proj_cs_get_axis_count(self.context(), system.pj.as_ptr()) };
        let axis = |i| {
            let (mut direction, mut unit_factor) = (null(), 0.0);
            let known = unsafe {
                sys::proj_cs_get_axis_info(
                    self.context(),
                    system.pj.as_ptr(),
                    i,
                    null_mut(),
                    null_mut(),
                    &mut direction,
                    &mut unit_factor,
                    null_mut(),
                    null_mut(),
                    null_mut(),
                )
            };
            (known == 1).then(|| Axis { direction: text(direction).unwrap_or_default().to_lowercase(), unit_factor })
        };
        (0..n).filter_map(axis).collect()
    }

    pub(super) fn method(&self) -> String {
        let mut name = null();
        unsafe {
            sys::proj_coordoperation_get_method_info(self.context(), self.pj.as_ptr(), &mut name, null_mut(), null_mut());
        }
        text(name).unwrap_or_default()
    }

    /// A parameter of a conversion by its EPSG name, in SI units or degrees as libproj gives it.
    pub(super) fn parameter(&self, name: &str) -> Option<f64> {
        let name = CString::new(name).ok()?;
        let mut value = 0.0;
        let known = unsafe {
            let index = sys::proj_coordoperation_get_param_index(self.context(), self.pj.as_ptr(), name.as_ptr());
            let none = null_mut();
            index >= 0
                && sys::proj_coordoperation_get_param(
                    self.context(),
                    self.pj.as_ptr(),
                    index,
                    none,
                    none,
                    none,
                    &mut value,
                    none,
                    null_mut(),
                    none,
                    none,
                    none,
                    none,
                ) == 1
        };
        known.then_some(value)
    }

    /// Seven parameters in the position-vector convention (m, arc seconds, ppm); none when this is no such transformation.
    pub(super) fn to_wgs84(&self) -> Option<[f64; 7]> {
        let mut values = [0.0; 7];
        let known = unsafe {
            sys::proj_coordoperation_get_towgs84_values(self.context(), self.pj.as_ptr(), values.as_mut_ptr(), values.len() as i32, 0)
        };
        (known == 1).then_some(values)
    }

    /// The steps of a concatenated operation; itself alone otherwise is for the caller to add.
    pub(super) fn steps(&self) -> Vec<Object<'c>> {
        let n = unsafe { sys::proj_concatoperation_get_step_count(self.context(), self.pj.as_ptr()) };
        (0..n)
            .filter_map(|i| self.context.own(unsafe { sys::proj_concatoperation_get_step(self.context(), self.pj.as_ptr(), i) }))
            .collect()
    }

    /// Metres; none when unknown.
    pub(super) fn accuracy_m(&self) -> Option<f64> {
        let accuracy = unsafe { sys::proj_coordoperation_get_accuracy(self.context(), self.pj.as_ptr()) };
        (accuracy >= 0.0).then_some(accuracy)
    }

    pub(super) fn is_ballpark(&self) -> bool {
        unsafe { sys::proj_coordoperation_has_ballpark_transformation(self.context(), self.pj.as_ptr()) == 1 }
    }

    pub(super) fn same_crs(&self, other: &Object) -> bool {
        let criterion = sys::PJ_COMPARISON_CRITERION_PJ_COMP_EQUIVALENT_EXCEPT_AXIS_ORDER_GEOGCRS;
        unsafe { sys::proj_is_equivalent_to_with_ctx(self.context(), self.pj.as_ptr(), other.pj.as_ptr(), criterion) == 1 }
    }

    /// The one EPSG code whose CRS is the same, whatever it is called here; none when there is none or more than one.
    pub(super) fn identified(&self) -> Option<Object<'c>> {
        let list = unsafe { sys::proj_identify(self.context(), self.pj.as_ptr(), c"EPSG".as_ptr(), null(), null_mut()) };
        if list.is_null() {
            return None;
        }
        let n = unsafe { sys::proj_list_get_count(list) };
        let candidates = (0..n).filter_map(|i| self.context.own(unsafe { sys::proj_list_get(self.context(), list, i) }));
        let is_current = |object: &Object| unsafe { sys::proj_is_deprecated(object.pj.as_ptr()) } == 0;
        let mut same: Vec<Object<'c>> = candidates.filter(|object| is_current(object) && self.same_crs(object)).collect();
        unsafe { sys::proj_list_destroy(list) };
        same.pop().filter(|_| same.is_empty())
    }

    /// The same operation with easting or longitude first on both sides, in degrees where geographic.
    pub(super) fn x_first(&self) -> Option<Object<'c>> {
        self.context.own(unsafe { sys::proj_normalize_for_visualization(self.context(), self.pj.as_ptr()) })
    }

    /// The text a `Pipeline` is made from.
    pub(super) fn pipeline(&self) -> Option<String> {
        text(unsafe { sys::proj_as_proj_string(self.context(), self.pj.as_ptr(), sys::PJ_PROJ_STRING_TYPE_PJ_PROJ_5, null()) })
    }

    /// Well-known text 1 in GDAL's dialect, which every GeoPackage reader understands.
    pub(super) fn wkt1(&self) -> Option<String> {
        text(unsafe { sys::proj_as_wkt(self.context(), self.pj.as_ptr(), sys::PJ_WKT_TYPE_PJ_WKT1_GDAL, null()) })
    }

    pub(super) fn wkt(&self) -> Option<String> {
        text(unsafe { sys::proj_as_wkt(self.context(), self.pj.as_ptr(), sys::PJ_WKT_TYPE_PJ_WKT2_2019, null()) })
    }

    /// The old one-line form that browsers' libraries read.
    pub(super) fn proj4(&self) -> Option<String> {
        text(unsafe { sys::proj_as_proj_string(self.context(), self.pj.as_ptr(), sys::PJ_PROJ_STRING_TYPE_PJ_PROJ_4, null()) })
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        // SAFETY: owned, destroyed once, before its context.
        unsafe { sys::proj_destroy(self.pj.as_ptr()) };
    }
}

/// An operation ready to run, with a context of its own.
pub(super) struct Pipeline {
    pj: NonNull<sys::PJ>,
    /// Dropped after `pj` was destroyed.
    _context: Context,
}

// SAFETY: context and object are used by nobody else; libproj asks only that no two threads use them at once.
unsafe impl Send for Pipeline {}

impl Pipeline {
    pub(super) fn new(definition: &str) -> Option<Self> {
        let context = Context::new()?;
        let text = CString::new(definition).ok()?;
        // SAFETY: as in `Context::create`.
        let pj = NonNull::new(unsafe { sys::proj_create(context.0.as_ptr(), text.as_ptr()) })?;
        Some(Pipeline { pj, _context: context })
    }

    /// Runs over all points; those that cannot be transformed come out infinite.
    pub(super) fn run(&mut self, coords: &mut [Coord], forward: bool) {
        let n = coords.len();
        if n == 0 {
            return;
        }
        let direction = if forward { sys::PJ_DIRECTION_PJ_FWD } else { sys::PJ_DIRECTION_PJ_INV };
        let stride = size_of::<Coord>();
        let base = coords.as_mut_ptr();
        // SAFETY: x and y of `n` points that lie `stride` bytes apart, exclusively borrowed; no z, no t.
        unsafe {
            let (x, y) = (&raw mut (*base).x, &raw mut (*base).y);
            sys::proj_errno_reset(self.pj.as_ptr());
            sys::proj_trans_generic(self.pj.as_ptr(), direction, x, stride, n, y, stride, n, null_mut(), 0, 0, null_mut(), 0, 0);
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // SAFETY: owned, destroyed once; its context is dropped after this.
        unsafe { sys::proj_destroy(self.pj.as_ptr()) };
    }
}
