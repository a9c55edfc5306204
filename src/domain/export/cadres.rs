//! Persons whose files are in the caller's custody today, with or without a post, each with posts and qualifications.

use std::{borrow::Cow, collections::HashMap};

use entity::value::{CadreCode, CadreId, CadreStatus, Category, Day, Gender, Scope};

use super::{
    assignments::AssignmentRecord,
    qualifications::QualificationRecord,
    record::{Cell, Page, Record, maybe, text, word},
};
use crate::{
    authz::{Access, AuthorizedCadre, AuthorizedCadreId, Identity, Origin, Political, Protected},
    domain::bundle::{self, FileFormat},
    error::{Error, Result},
};

/// Groups of protected data: the key in JSON, and the scope.
const PROTECTED: [(&str, Scope); 3] = [
    ("identity", Scope::CadreIdentityRead),
    ("political", Scope::CadrePoliticalRead),
    ("origin", Scope::CadreOriginRead),
];

/// A person. Groups of protected data that the caller may not read are absent.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CadreRecord {
    id: CadreId,
    code: CadreCode,
    full_name: String,
    gender: Gender,
    category: Category,
    status: CadreStatus,
    joined_service_on: Option<Day>,
    rank_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    political: Option<PoliticalRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<OriginRecord>,
    /// In the order of recording.
    assignments: Vec<AssignmentRecord>,
    /// In the order of recording.
    qualifications: Vec<QualificationRecord>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityRecord {
    national_id: Option<String>,
    birth_on: Option<Day>,
    native_place_code: Option<String>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct PoliticalRecord {
    joined_party_on: Option<Day>,
}

#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginRecord {
    ethnicity_code: Option<String>,
}

impl From<Identity> for IdentityRecord {
    fn from(Identity { national_id, birth_on, native_place_code }: Identity) -> Self {
        Self { national_id, birth_on, native_place_code }
    }
}

impl From<Political> for PoliticalRecord {
    fn from(Political { joined_party_on }: Political) -> Self {
        Self { joined_party_on }
    }
}

impl From<Origin> for OriginRecord {
    fn from(Origin { ethnicity_code }: Origin) -> Self {
        Self { ethnicity_code }
    }
}

impl CadreRecord {
    fn of(access: &Access, cadre: &AuthorizedCadre, sealed: &Protected) -> Result<Self> {
        let card = cadre.card();
        let posts = cadre.posts().iter().map(|post| AssignmentRecord::of(access, post, None));
        let mut assignments: Vec<_> = posts.collect::<Result<_>>()?;
        assignments.sort_unstable_by_key(|post| post.id);
        let held = cadre.qualifications().iter().map(|row| QualificationRecord::of(row, None));
        let mut qualifications: Vec<_> = held.collect();
        qualifications.sort_unstable_by_key(|row| row.id);
        let identity = access.may_open(Scope::CadreIdentityRead).then(|| access.identity(cadre, sealed)).transpose()?;
        let political =
            access.may_open(Scope::CadrePoliticalRead).then(|| access.political(cadre, sealed)).transpose()?;
        let origin = access.may_open(Scope::CadreOriginRead).then(|| access.origin(cadre, sealed)).transpose()?;
        Ok(Self {
            id: card.id,
            code: card.code.clone(),
            full_name: card.full_name.clone(),
            gender: card.gender,
            category: card.category,
            status: card.status,
            joined_service_on: card.joined_service_on,
            rank_code: card.rank_code.clone(),
            identity: identity.flatten().map(IdentityRecord::from),
            political: political.flatten().map(PoliticalRecord::from),
            origin: origin.flatten().map(OriginRecord::from),
            assignments,
            qualifications,
        })
    }
}

impl Record for CadreRecord {
    const FORMAT: FileFormat = bundle::CADRES;
    type Id = CadreId;

    fn withheld(access: &Access) -> Vec<&'static str> {
        PROTECTED.iter().filter(|(_, scope)| !access.may_open(*scope)).map(|(key, _)| *key).collect()
    }

    async fn page(access: &Access, after: Option<CadreId>) -> Result<Page<Self>> {
        let cadres = access.cadres()?;
        let found = cadres.after(after, Self::PAGE).await?;
        let opens_any = PROTECTED.iter().any(|(_, scope)| access.may_open(*scope));
        let seen: Vec<AuthorizedCadreId> = found.rows.iter().map(AuthorizedCadre::seen).collect();
        let sealed = if opens_any { cadres.protected(&seen).await? } else { HashMap::new() };
        let closed = Protected::default();
        let record = |cadre: &AuthorizedCadre| {
            let of = sealed.get(&cadre.seen()).or_else(|| (!opens_any).then_some(&closed));
            Self::of(access, cadre, of.ok_or_else(|| Error::internal("a card without its person"))?)
        };
        Ok(Page { records: found.rows.iter().map(record).collect::<Result<_>>()?, next: found.last })
    }

    fn cell(&self, _: usize, column: &str) -> Option<Cell<'_>> {
        let identity = self.identity.as_ref();
        Some(match column {
            "code" => Cow::Borrowed(self.code.as_str()),
            "national_id" => text(identity.and_then(|of| of.national_id.as_deref())),
            "full_name" => Cow::Borrowed(&self.full_name),
            "gender" => word(&self.gender),
            "birth_on" => maybe(identity.and_then(|of| of.birth_on.as_ref())),
            "ethnicity_code" => text(self.origin.as_ref().and_then(|of| of.ethnicity_code.as_deref())),
            "native_place_code" => text(identity.and_then(|of| of.native_place_code.as_deref())),
            "joined_service_on" => maybe(self.joined_service_on.as_ref()),
            "joined_party_on" => maybe(self.political.as_ref().and_then(|of| of.joined_party_on.as_ref())),
            "category" => word(&self.category),
            "rank_code" => text(self.rank_code.as_deref()),
            "status" => word(&self.status),
            _ => return None,
        })
    }
}
