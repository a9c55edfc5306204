//! Random documents of the schema: selections of every type that the fast path writes, with aliases, fragments,
//! conditions, variables and defaults, and sometimes a field that is left to the engine.

use std::collections::BTreeMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, Type, TypeKind, TypeSystemDefinition},
};
use cadre_api::{
    db::Database,
    graphql::{fast_path::NOT_ON_FAST_PATH, sdl},
};
use entity::{assignment, cadre, qualification_level, title, training_plan, unit, unit_version, value::UnitKind};
use fastrand::Rng;
use sea_orm::EntityTrait;
use serde_json::{Map, Value, json};

/// A document and the values of its variables.
#[derive(Debug)]
pub struct Query {
    pub document: String,
    pub variables: Value,
}

/// Values that random queries use, in the same order on both databases.
pub struct Pools {
    units: Vec<unit::Model>,
    districts: Vec<String>,
    cadres: Vec<cadre::Model>,
    titles: Vec<String>,
    levels: Vec<(String, String)>,
    days: Vec<String>,
    years: Vec<i32>,
    /// The fields of each object with their types.
    fields: BTreeMap<String, Vec<(String, String)>>,
}

impl Pools {
    pub async fn read(database: &Database) -> Self {
        let reader = database.reader();
        let mut units = unit::Entity::find().all(reader).await.expect("units");
        units.sort_by(|a, b| a.code.cmp(&b.code));
        let mut cadres = cadre::Entity::find().all(reader).await.expect("cadres");
        cadres.sort_by(|a, b| a.code.cmp(&b.code));
        let versions = unit_version::Entity::find().all(reader).await.expect("versions");
        let districts = versions.iter().filter(|version| version.kind == UnitKind::District);
        let code = |id| units.iter().find(|unit| unit.id == id).expect("a unit").code.to_string();
        let levels = qualification_level::Entity::find().all(reader).await.expect("levels");
        let plans = training_plan::Entity::find().all(reader).await.expect("plans");
        Self {
            districts: sorted(districts.map(|version| code(version.unit_id))),
            cadres,
            titles: texts(title::Entity::find().all(reader).await.expect("titles").iter().map(|row| &row.code)),
            levels: sorted(levels.iter().map(|row| (row.subject_code.to_string(), row.code.to_string()))),
            days: texts(assignment::Entity::find().all(reader).await.expect("posts").iter().map(|row| row.start_on)),
            years: sorted(plans.iter().map(|row| row.year_to)),
            fields: fields(),
            units,
        }
    }
}

fn texts(of: impl Iterator<Item: ToString>) -> Vec<String> {
    sorted(of.map(|word| word.to_string()))
}

fn sorted<T: Ord>(of: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = of.collect();
    all.sort();
    all
}

fn fields() -> BTreeMap<String, Vec<(String, String)>> {
    let document = parse_schema(sdl()).expect("the schema");
    let objects = document.definitions.into_iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => match definition.node.kind {
            TypeKind::Object(object) => Some((definition.node.name.node.to_string(), object.fields)),
            _ => None,
        },
        _ => None,
    });
    let field = |field: &async_graphql::parser::types::FieldDefinition| {
        (field.name.node.to_string(), named(&field.ty.node).to_owned())
    };
    objects.map(|(name, fields)| (name, fields.iter().map(|of| field(&of.node)).collect())).collect()
}

fn named(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => named(inner),
    }
}

/// The random generator, and the parts of the current document.
pub struct Draw<'a> {
    rng: Rng,
    pools: &'a Pools,
    scopes: &'static [&'static str],
    declared: Vec<String>,
    sent: Map<String, Value>,
    fragments: Vec<String>,
    aliases: usize,
}

impl<'a> Draw<'a> {
    pub fn new(seed: u64, pools: &'a Pools) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            pools,
            scopes: &[],
            declared: Vec::new(),
            sent: Map::new(),
            fragments: Vec::new(),
            aliases: 0,
        }
    }

    pub fn a_district(&mut self) -> &'a str {
        let pools = self.pools;
        self.of::<String>(&pools.districts)
    }

    pub fn a_unit(&mut self) -> &'a str {
        let pools = self.pools;
        self.of(&pools.units).code.as_str()
    }

    /// A new random query within the scopes.
    pub fn query(&mut self, nth: usize, scopes: &'static [&'static str]) -> Query {
        self.scopes = scopes;
        self.declared.clear();
        self.sent.clear();
        self.fragments.clear();
        self.aliases = 0;
        let roots: Vec<String> = (0..self.rng.usize(1..3)).map(|at| self.root(at)).collect();
        let declared = if self.declared.is_empty() { String::new() } else { format!("({})", self.declared.join(", ")) };
        let (fragments, roots) = (self.fragments.join(" "), roots.join(" "));
        Query {
            document: format!("query q{declared} {{ {roots} }} {fragments} # {nth}"),
            variables: Value::Object(self.sent.clone()),
        }
    }

    fn of<'b, T>(&mut self, pool: &'b [T]) -> &'b T {
        self.rng.choice(pool).expect("a pool that is not empty")
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.rng.u32(..times) == 0
    }

    fn may(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }

    fn root(&mut self, at: usize) -> String {
        let field = if self.may("cadre:read") { *self.of(&["cadre", "cadres", "unit", "unit"]) } else { "unit" };
        let on = match field {
            "cadre" => "Cadre",
            "cadres" => "CadreConnection",
            _ => "Unit",
        };
        let (arguments, inner) = (self.arguments("Query", field), self.selection(on, 0, field == "unit"));
        format!("r{at}: {field}{arguments} {{ {inner} }}")
    }

    /// Random fields of a type. Objects related to a unit are mostly requested from root fields.
    fn selection(&mut self, on: &str, depth: u32, is_root: bool) -> String {
        let all = self.pools.fields[on].clone();
        let mut chosen = Vec::new();
        for (name, of) in all {
            let is_object = self.pools.fields.contains_key(&of);
            let hangs = on == "Unit" && matches!(name.as_str(), "cadres" | "composition" | "quotas");
            let is_left = NOT_ON_FAST_PATH.contains(&format!("{on}.{name}").as_str()) || hangs && !is_root;
            let times = match (is_left, is_object, hangs) {
                (true, ..) => 150,
                (_, true, true) => 2,
                (_, true, _) => 3 + depth,
                _ => 3,
            };
            if !self.is_open(on, &name) || depth > 6 && is_object || !self.one_in(times) {
                continue;
            }
            chosen.push(self.field(on, &name, &of, depth));
            if self.one_in(25) {
                // The same field again in another form; the engine merges the two.
                chosen.push(self.merged(on, &name, &of, depth));
            }
        }
        if chosen.is_empty() || self.one_in(8) {
            chosen.push("__typename".to_owned());
        }
        self.rng.shuffle(&mut chosen);
        self.in_fragments(on, &chosen)
    }

    fn is_open(&self, on: &str, field: &str) -> bool {
        match (on, field) {
            ("Cadre", "rotations") => self.may("rotation:read"),
            (
                "Cadre",
                "identity" | "political" | "origin" | "dutyExemptions" | "accessLog" | "appraisals" | "goodYears",
            ) => false,
            ("Cadre", "enrolments") => self.may("training:read"),
            ("Unit", "cadres") => self.may("cadre:read"),
            ("Unit", "composition") => self.may("cadre:read") || self.may("stats:read"),
            ("Unit", "quotas") | ("TrainingPlan", "quotas") => self.may("quota:read"),
            ("Quota", "plan") => self.may("training:read"),
            ("Unit", "rotationFlows" | "trainingProgress" | "appraisals") => false,
            _ => true,
        }
    }

    fn field(&mut self, on: &str, name: &str, of: &str, depth: u32) -> String {
        let arguments = self.arguments(on, name);
        let alias = if self.one_in(10) && self.aliases < 80 {
            self.aliases += 1;
            format!("a{}: ", self.aliases)
        } else {
            String::new()
        };
        let condition = if self.one_in(20) { self.condition() } else { String::new() };
        let inner = self.inner(of, depth);
        format!("{alias}{name}{arguments}{condition}{inner}")
    }

    /// A field without arguments or conditions, so that it is the same field at each occurrence.
    fn merged(&mut self, on: &str, name: &str, of: &str, depth: u32) -> String {
        let declared = self.declared.len();
        if !self.arguments(on, name).is_empty() {
            // Removes the variables declared for them: the engine refuses an unused variable.
            self.declared.truncate(declared);
            return "__typename".to_owned();
        }
        let inner = self.inner(of, depth);
        format!("{name}{inner}")
    }

    fn inner(&mut self, of: &str, depth: u32) -> String {
        if self.pools.fields.contains_key(of) {
            let inner = self.selection(of, depth + 1, false);
            return format!(" {{ {inner} }}");
        }
        String::new()
    }

    fn in_fragments(&mut self, on: &str, chosen: &[String]) -> String {
        let chosen = chosen.join(" ");
        match self.rng.u32(..24) {
            0 => format!("... on {on} {{ {chosen} }}"),
            1 => format!("... {{ {chosen} }} __typename"),
            2 => {
                let condition = self.condition();
                format!("__typename ...{condition} {{ {chosen} }}")
            }
            3 if matches!(on, "Cadre" | "Unit" | "Rotation" | "Quota" | "Qualification") => {
                format!("... on Node {{ id }} {chosen}")
            }
            4 if self.fragments.len() < 20 => {
                let name = format!("F{}", self.fragments.len());
                self.fragments.push(format!("fragment {name} on {on} {{ {chosen} }}"));
                format!("...{name}")
            }
            _ => chosen,
        }
    }

    fn condition(&mut self) -> String {
        let value = self.rng.bool();
        let condition = *self.of(&["include", "skip"]);
        if self.one_in(4) {
            let does_hold = if self.one_in(4) { value } else { condition == "include" };
            return format!(" @{condition}(if: {does_hold})");
        }
        let value = self.variable("Boolean!", &value.to_string(), json!(value));
        format!(" @{condition}(if: {value})")
    }

    /// A value as a literal, or a variable with that value.
    fn value(&mut self, of: &str, literal: &str, value: Value) -> String {
        if self.one_in(3) { self.variable(of, literal, value) } else { literal.to_owned() }
    }

    fn variable(&mut self, of: &str, literal: &str, value: Value) -> String {
        let name = format!("v{}", self.declared.len());
        let default = if self.one_in(4) { format!(" = {literal}") } else { String::new() };
        self.declared.push(format!("${name}: {of}{default}"));
        if default.is_empty() || self.rng.bool() {
            self.sent.insert(name.clone(), value);
        }
        format!("${name}")
    }

    fn text(&mut self, of: &str, text: &str) -> String {
        self.value(of, &format!("\"{text}\""), json!(text))
    }

    fn word(&mut self, of: &str, word: &str) -> String {
        self.value(of, word, json!(word))
    }

    fn number(&mut self, of: &str, number: i32) -> String {
        self.value(of, &number.to_string(), json!(number))
    }

    fn day(&mut self) -> String {
        let pools = self.pools;
        let day: entity::value::Day = self.of(&pools.days).parse().expect("a day");
        let day = day.plus_months(self.rng.u32(..60)).unwrap_or(day).to_string();
        self.text("Date", &day)
    }

    /// The arguments of a field in brackets, or an empty string.
    fn arguments(&mut self, on: &str, field: &str) -> String {
        let mut all: Vec<String> = Vec::new();
        match (on, field) {
            ("Query", "cadre" | "unit") => {
                let by = self.by(field);
                all.push(format!("by: {by}"));
                if self.one_in(2) {
                    all.push(format!("asOf: {}", self.day()));
                }
            }
            ("Query" | "Unit", "cadres") => all = self.of_cadres(on),
            ("Unit", "parent" | "ancestors") if self.one_in(2) => {
                let tree = *self.of(&["ADMINISTRATIVE", "PARTY"]);
                all.push(format!("hierarchy: {}", self.word("Hierarchy", tree)));
            }
            ("Unit", "composition") => all = self.of_composition(),
            ("Unit", "quotas") => all = self.of_quotas(),
            ("Cadre", "qualifications") if self.one_in(2) => all.push(format!("subject: {}", self.subject("String"))),
            ("Cadre", "highest") => all.push(format!("subject: {}", self.subject("String!"))),
            ("Composition", "atLeast") => {
                let pools = self.pools;
                let level = &self.of(&pools.levels).1;
                all.push(format!("level: {}", self.text("String!", level)));
            }
            (_, "totalCount") if self.one_in(2) => {
                let max = if self.one_in(20) { 0 } else { self.rng.i32(1..30) };
                all.push(format!("max: {}", self.number("Int", max)));
            }
            _ => {}
        }
        if all.is_empty() { String::new() } else { format!("({})", all.join(", ")) }
    }

    fn by(&mut self, field: &str) -> String {
        let pools = self.pools;
        let (code, id, of) = if field == "cadre" {
            let cadre = self.of(&pools.cadres);
            (cadre.code.to_string(), cadre.id.to_string(), "CadreKey!")
        } else {
            let unit = self.of(&pools.units);
            (unit.code.to_string(), unit.id.to_string(), "UnitKey!")
        };
        let number = self.pools.cadres.iter().find_map(|cadre| (cadre.code.as_str() == code).then_some(cadre.id));
        match self.rng.u32(..8) {
            0 => format!("{{id: {}}}", self.text("ID!", &id)),
            1 => format!("{{id: {}}}", self.text("ID!", &code)),
            2 => {
                let literal = format!("{{code: \"{code}\"}}");
                self.value(of, &literal, json!({ "code": code }))
            }
            3 if number.is_some() && self.may("cadre.identity:read") => {
                format!("{{nationalId: {}}}", self.text("String!", "999000000001"))
            }
            _ => format!("{{code: {}}}", self.text("String!", &code)),
        }
    }

    fn subject(&mut self, of: &str) -> String {
        let pools = self.pools;
        let subject = if self.one_in(30) { "NONE" } else { self.of(&pools.levels).0.as_str() };
        self.text(of, subject)
    }

    fn pages(&mut self, all: &mut Vec<String>) {
        match self.rng.u32(..6) {
            0 => all.push(format!("last: {}", self.number("Int", 3))),
            1 if self.one_in(8) => all.push("first: 101".to_owned()),
            2 if self.one_in(8) => all.push(format!("after: {}", self.text("String", "AAAA"))),
            _ => {
                let first = self.rng.i32(0..8);
                all.push(format!("first: {}", self.number("Int", first)));
            }
        }
    }

    fn of_cadres(&mut self, on: &str) -> Vec<String> {
        let mut all = Vec::new();
        self.pages(&mut all);
        if self.one_in(2) {
            let filter = self.filter(0);
            all.push(format!("where: {{{filter}}}"));
        } else if self.one_in(3) {
            let gender = *self.of(&["FEMALE", "MALE"]);
            let filter = self.value("CadreWhere", &format!("{{gender: {gender}}}"), json!({ "gender": gender }));
            all.push(format!("where: {filter}"));
        }
        if self.one_in(2) {
            let (field, direction) = (*self.of(&["NAME", "CODE", "UNIT"]), *self.of(&["ASC", "DESC"]));
            let direction = self.word("Direction", direction);
            all.push(format!("orderBy: [{{field: {field}, direction: {direction}}}]"));
        }
        if self.one_in(2) {
            all.push(format!("asOf: {}", self.day()));
        }
        match on {
            "Unit" if self.one_in(2) => all.push(format!("reach: {}", self.reach())),
            "Query" if self.one_in(4) => {
                let pools = self.pools;
                let name = self.of(&pools.cadres).full_name.split(' ').next().unwrap_or_default().to_owned();
                all.push(format!("search: {}", self.text("String", &name)));
            }
            _ => {}
        }
        all
    }

    fn reach(&mut self) -> String {
        let reach = *self.of(&["UNIT", "SUBTREE"]);
        self.word("Reach", reach)
    }

    fn filter(&mut self, depth: u32) -> String {
        let pools = self.pools;
        match self.rng.u32(..if depth < 2 { 7 } else { 5 }) {
            0 => {
                let unit = self.a_unit();
                format!("unit: {{code: {}, reach: {}}}", self.text("String!", unit), self.reach())
            }
            1 => {
                let title = self.of(&pools.titles).clone();
                format!("titles: [{}]", self.text("String!", &title))
            }
            2 => format!("keyLeader: {}", self.rng.bool()),
            3 => {
                let (subject, level) = self.of(&pools.levels).clone();
                let bound = *self.of(&["atLeast", "below", "exactly"]);
                format!("holds: {{subject: \"{subject}\", {bound}: {}}}", self.text("String", &level))
            }
            4 => format!("category: {}", self.word("Category", "CIVIL_SERVANT")),
            5 => format!("not: {{{}}}", self.filter(depth + 1)),
            _ => format!("or: [{{{}}}, {{{}}}]", self.filter(depth + 1), self.filter(depth + 1)),
        }
    }

    fn of_composition(&mut self) -> Vec<String> {
        let pools = self.pools;
        let mut all = vec![format!("subject: {}", self.subject("String!"))];
        if self.may("cadre:read") && self.one_in(4) {
            let title = self.of(&pools.titles).clone();
            all.push(format!("titles: {}", self.value("[String!]", &format!("[\"{title}\"]"), json!([title]))));
        }
        if self.one_in(4) {
            all.push(format!("keyLeadersOnly: {}", self.rng.bool()));
        }
        if self.one_in(3) {
            all.push(format!("reach: {}", self.reach()));
        }
        if self.one_in(3) {
            all.push(format!("asOf: {}", self.day()));
        }
        if self.one_in(3) {
            let decimals = self.rng.i32(0..8);
            all.push(format!("decimals: {}", self.number("Int", decimals)));
        }
        all
    }

    fn of_quotas(&mut self) -> Vec<String> {
        let pools = self.pools;
        let year = *self.of(&pools.years);
        let mut all = vec![format!("year: {}", self.number("Int!", year))];
        self.pages(&mut all);
        if self.one_in(2) {
            all.push(format!("reach: {}", self.reach()));
        }
        if self.one_in(3) {
            all.push(format!("unusedOnly: {}", self.rng.bool()));
        }
        all
    }
}
