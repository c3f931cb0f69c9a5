//! What people say of a plan, pinned to places or not.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{checked_text, none_of_id};
use crate::access::{self, Action, NotAllowed, Person};
use crate::engine::{Engine, EngineError, Snapshot};
use crate::model::Coord;
use crate::store::PlanComment;

/// A new comment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentAsk {
    pub text: String,
    /// Metres of the workspace's CRS.
    #[serde(default)]
    pub at_xy: Option<[f64; 2]>,
}

/// What is to be another; what is not given stays.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommentChange {
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub is_resolved: Option<bool>,
}

const MOST_TEXT: usize = 2_000;
/// More than this is a conversation for another place.
const MOST_COMMENTS: usize = 1_000;

impl Engine {
    pub fn comment_on_plan(&self, plan: &str, ask: &CommentAsk, person: &Person) -> Result<Value, EngineError> {
        access::may(person, Action::MakePlans)?;
        let text = checked_text("a comment", &ask.text, 1, MOST_TEXT)?;
        if ask.at_xy.is_some_and(|[x, y]| !(x.abs() < 1e8 && y.abs() < 1e8)) {
            return Err(EngineError::usage("at_xy is easting and northing in metres"));
        }
        let place = ask.at_xy.map(|[x, y]| Coord { x, y });
        let (mut writing, snapshot, _) = self.opened(plan)?;
        if snapshot.reader()?.plan_comments(plan)?.len() >= MOST_COMMENTS {
            return Err(EngineError::conflict(format!("the plan has {MOST_COMMENTS} comments, no more are possible")));
        }
        let comment = PlanComment { n: 0, who: person.name.clone(), at: String::new(), text, place, is_resolved: false };
        let n = writing.store.add_plan_comment(plan, &comment)?.ok_or_else(|| none_of_id(plan))?;
        snapshot.comment_card(plan, n)
    }

    /// Whoever wrote it changes its text; they and the plan's owner say that it is resolved.
    pub fn change_comment(&self, plan: &str, n: i64, change: &CommentChange, person: &Person) -> Result<Value, EngineError> {
        let (mut writing, snapshot, drawn) = self.opened(plan)?;
        let mut comment = snapshot.comment(plan, n)?;
        access::may(person, Action::MakePlans)?;
        let is_author = comment.who == person.name;
        if !is_author && (change.text.is_some() || drawn.plan.owner != person.name) {
            return Err(NotAllowed::OthersPlan { owner: comment.who }.into());
        }
        if let Some(text) = &change.text {
            comment.text = checked_text("a comment", text, 1, MOST_TEXT)?;
        }
        comment.is_resolved = change.is_resolved.unwrap_or(comment.is_resolved);
        writing.store.change_plan_comment(n, Some(&comment))?;
        snapshot.comment_card(plan, n)
    }

    /// Takes a comment away: by whoever wrote it.
    pub fn remove_comment(&self, plan: &str, n: i64, person: &Person) -> Result<(), EngineError> {
        let (mut writing, snapshot, _) = self.opened(plan)?;
        let comment = snapshot.comment(plan, n)?;
        access::may(person, Action::MakePlans)?;
        if comment.who != person.name {
            return Err(NotAllowed::OthersPlan { owner: comment.who }.into());
        }
        writing.store.change_plan_comment(n, None)?;
        Ok(())
    }
}

impl Snapshot {
    fn comment(&self, plan: &str, n: i64) -> Result<PlanComment, EngineError> {
        let found = self.reader()?.plan_comments(plan)?.into_iter().find(|comment| comment.n == n);
        found.ok_or_else(|| EngineError::not_found(format!("the plan has no comment {n}")))
    }

    fn comment_card(&self, plan: &str, n: i64) -> Result<Value, EngineError> {
        let comment = self.comment(plan, n)?;
        Ok(self.comments_facts(&[comment])[0].take())
    }

    pub(super) fn comments_facts(&self, comments: &[PlanComment]) -> Value {
        let lonlat = |at: Coord| self.place.point_to_lonlat(at).ok().map(|at| json!([at.x, at.y]));
        let facts = |c: &PlanComment| {
            json!({
                "n": c.n, "who": c.who, "at": c.at, "text": c.text, "place": c.place.and_then(lonlat),
                "place_xy": c.place.map(|at| [at.x, at.y]), "is_resolved": c.is_resolved,
            })
        };
        comments.iter().map(facts).collect()
    }
}
