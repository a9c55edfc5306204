//! Documents (văn bản).

use async_graphql::{Context, Object};
use entity::value::{Day, DocumentKind};

use crate::{
    domain::{
        document::{self, DocumentKey, DocumentList, DocumentWhere, commands::Written},
        unit,
    },
    error::Result,
    graphql::{
        ContextExt, found,
        page::{Connection, Listed, Total},
        unit::Unit,
    },
    page::PageArgs,
    reference::documents::{Document as Registered, symbol},
};

/// Root fields of documents.
#[derive(Default)]
pub struct DocumentQuery;

#[Object]
impl DocumentQuery {
    /// A registered document (văn bản) by code or number. Null if there is none.
    async fn document(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Key of the document.")] by: DocumentKey,
    ) -> Result<Option<Document>> {
        Ok(found(document::look_up(ctx.access(), &by))?.cloned().map(Document::new))
    }

    /// Registered documents (văn bản): national ones and those of all issuers, of any day; the last signed first.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter of the documents; all documents if absent.")] r#where: Option<DocumentWhere>,
        #[graphql(
            desc = "Number of entries from the start of the list, 0 to 100; 20 if neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "A cursor; the page begins after it.")] after: Option<String>,
        #[graphql(desc = "Number of entries from the end of the list, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "A cursor; the page ends before it.")] before: Option<String>,
    ) -> Result<Option<Connection<Document>>> {
        let list = DocumentList { filter: r#where.unwrap_or_default() };
        let page = list.page(ctx.access(), &PageArgs { first, after, last, before })?;
        Ok(Some(Connection::new(page, Total::Documents(list), |document| Document::new(document.clone()))))
    }
}

/// A registered document (văn bản): a resolution, scheme, plan, decision or another instrument that records cite.
pub struct Document {
    of: Registered,
    /// Its successor after a command; the reference data of the request may lack it.
    successor: Option<Registered>,
}

impl Document {
    /// A document of the reference data.
    pub(super) fn new(of: Registered) -> Self {
        Self { of, successor: None }
    }

    /// A document after a command.
    pub(super) fn written(written: Written) -> Self {
        Self { of: written.document, successor: written.successor }
    }

    /// The document that a record of a unit cites.
    pub(super) fn cited(ctx: &Context<'_>, text: &str, of: (Option<entity::value::UnitId>, Day)) -> Option<Self> {
        document::cited(ctx.reference_data(), text, of).cloned().map(Self::new)
    }
}

impl Listed for Document {
    const CONNECTION: &'static str = "DocumentConnection";
    const EDGE: &'static str = "DocumentEdge";
}

/// A registered document (văn bản): a resolution, scheme, plan, decision or another instrument that records cite.
#[Object]
impl Document {
    /// Code of the document (mã văn bản).
    async fn code(&self) -> &str {
        self.of.row.code.as_str()
    }

    /// Number with its symbol, as printed (số, ký hiệu), such as `134-KH/TU`. Unique for its issuer and year only.
    async fn number(&self) -> &str {
        &self.of.row.number
    }

    /// Symbol of the number (ký hiệu), such as `KH/TU`.
    async fn symbol(&self) -> Option<&str> {
        symbol(&self.of.row.number)
    }

    /// Kind of the document (loại văn bản).
    async fn kind(&self) -> DocumentKind {
        self.of.row.kind
    }

    /// Unit that issued it (cơ quan ban hành), as of today; null if it is national or the unit is out of reach.
    async fn issuer(&self, ctx: &Context<'_>) -> Option<Unit> {
        let access = ctx.access();
        unit::on_day(access, self.of.row.issuer_id?, access.today()).map(Unit)
    }

    /// Whether a national body issued it.
    async fn is_national(&self) -> bool {
        self.of.row.issuer_id.is_none()
    }

    /// Day of signing (ngày ký).
    async fn signed_on(&self) -> Day {
        self.of.row.signed_on
    }

    /// First day on which it is in force, inclusive (ngày có hiệu lực).
    async fn valid_from(&self) -> Day {
        self.of.row.valid_from
    }

    /// End day, exclusive (ngày hết hiệu lực); null if no end is recorded.
    async fn valid_to(&self) -> Option<Day> {
        self.of.row.valid_to
    }

    /// Document that replaced it on `validTo` (văn bản thay thế); null if none did.
    async fn replaced_by(&self, ctx: &Context<'_>) -> Option<Document> {
        if let Some(successor) = &self.successor {
            return Some(Document::new(successor.clone()));
        }
        let successor = self.of.row.replaced_by.as_ref()?;
        ctx.reference_data().documents().by_code(successor.as_str()).cloned().map(Document::new)
    }

    /// Documents that it replaced (văn bản bị thay thế), by code.
    async fn replaces(&self, ctx: &Context<'_>) -> Vec<Document> {
        ctx.reference_data().documents().replaced_by(&self.of.row.code).cloned().map(Document::new).collect()
    }

    /// Title, in Vietnamese (trích yếu).
    async fn title(&self) -> &str {
        &self.of.row.title
    }

    /// Increases with every change; send it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.of.row.version
    }
}
