use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, JSON,
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde::Serialize;
use serde_json::Value;

use super::{Constraint, Difference, DifferenceKind};

/// What `installed` does other than `ours`: fields that it drops, objects that it refuses or lets through, versions
/// and names that it does not have.
///
/// Nothing is found for two definitions that store and refuse the same. Where `installed` is the definition in a
/// cluster, the differences tell what has to be looked at before `ours` takes its place, and what goes wrong until
/// then; an empty list means that nothing is to be done. Turn the arguments round to learn what ours would refuse of
/// what the cluster accepts. Descriptions, defaults, subresources and messages of rules are not compared.
///
/// Upstream's definition as its repository has it drops nothing that [`definition`](super::definition) keeps, and lacks
/// only columns and names for `kubectl get`. One that was installed before September 2021 drops
/// `HostAccountConfig`, and one from before August 2021 has no `v1`.
///
/// Source: `apiextensions-apiserver` `pkg/apiserver/schema/pruning/algorithm.go`; kubernetes-sigs/windows-gmsa, history
/// of `admission-webhook/deploy/gmsa-crd.yml`.
///
/// ```
/// use gmsa_types::crd::{Definition, compare, definition};
///
/// let mut installed = definition();
/// installed.spec.versions.remove(1);
/// let found = compare(&installed, &Definition::upstream().keep_unknown_fields().build());
/// let found: Vec<_> = found.iter().map(ToString::to_string).collect();
/// assert_eq!(found[0], "v1: drops unknown keys");
/// assert_eq!(found[1], "v1 .credspec: drops unknown keys");
/// assert_eq!(found.last().map(String::as_str), Some("v1alpha1: is not served"));
/// ```
#[must_use]
pub fn compare(installed: &CustomResourceDefinition, ours: &CustomResourceDefinition) -> Vec<Difference> {
    let mut comparison = Comparison { version: None, found: Vec::new() };
    comparison.definition(installed, ours);
    for version in &ours.spec.versions {
        comparison.version = Some(version.name.clone());
        match installed.spec.versions.iter().find(|theirs| theirs.name == version.name) {
            Some(theirs) if theirs.served || !version.served => {
                let unknown = Sides { installed: Unknown::at_root(installed), ours: Unknown::at_root(ours) };
                comparison.version(Sides { installed: theirs, ours: version }, unknown);
            }
            _ => comparison.add("", DifferenceKind::NotServed),
        }
    }
    comparison.dropped_versions(installed, ours);
    comparison.found
}

/// No schema that came as JSON is deeper: its parsers stop at 128 levels, and each level of a schema takes two.
const DEEPEST: usize = 64;

/// Whether keys that no schema has are kept at some level of an object.
#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    Pruned,
    Kept,
    /// At all levels, as a definition of `apiextensions.k8s.io/v1beta1` could have it.
    AlwaysKept,
}

impl Unknown {
    fn at_root(crd: &CustomResourceDefinition) -> Self {
        if crd.spec.preserve_unknown_fields == Some(true) { Self::AlwaysKept } else { Self::Pruned }
    }

    /// In the value of this schema, where `self` holds around it. A schema with properties prunes again, unless it
    /// says otherwise itself.
    fn inside(self, schema: &JSONSchemaProps) -> Self {
        match self {
            Self::AlwaysKept => Self::AlwaysKept,
            _ if schema.x_kubernetes_preserve_unknown_fields == Some(true) => Self::Kept,
            Self::Kept if schema.properties.is_none() && schema.additional_properties.is_none() => Self::Kept,
            _ => Self::Pruned,
        }
    }

    fn is_kept(self) -> bool {
        self != Self::Pruned
    }
}

/// The two definitions, side by side.
#[derive(Clone, Copy)]
struct Sides<T> {
    installed: T,
    ours: T,
}

struct Comparison {
    version: Option<String>,
    found: Vec<Difference>,
}

impl Comparison {
    fn add(&mut self, path: &str, kind: DifferenceKind) {
        self.found.push(Difference { version: self.version.clone(), path: path.to_owned(), kind });
    }

    fn definition(&mut self, installed: &CustomResourceDefinition, ours: &CustomResourceDefinition) {
        let (installed, ours) = (&installed.spec, &ours.spec);
        if installed.group != ours.group {
            self.add("", DifferenceKind::Group { installed: installed.group.clone() });
        }
        if installed.names.plural != ours.names.plural {
            self.add("", DifferenceKind::Plural { installed: installed.names.plural.clone() });
        }
        if installed.names.kind != ours.names.kind {
            self.add("", DifferenceKind::Kind { installed: installed.names.kind.clone() });
        }
        if installed.scope != ours.scope {
            self.add("", DifferenceKind::Scope { installed: installed.scope.clone() });
        }
        // The API server puts `None` where nothing is.
        let strategy = |spec: &CustomResourceDefinitionSpec| match &spec.conversion {
            Some(conversion) => conversion.strategy.clone(),
            None => "None".to_owned(),
        };
        if strategy(installed) != strategy(ours) {
            self.add("", DifferenceKind::Conversion { installed: strategy(installed) });
        }
        let (theirs, ours) = (&installed.names, &ours.names);
        for name in missing(theirs.short_names.as_deref(), ours.short_names.as_deref()) {
            self.add("", DifferenceKind::NoShortName(name));
        }
        for name in missing(theirs.categories.as_deref(), ours.categories.as_deref()) {
            self.add("", DifferenceKind::NoCategory(name));
        }
    }

    fn dropped_versions(&mut self, installed: &CustomResourceDefinition, ours: &CustomResourceDefinition) {
        let is_ours = |name: &str| ours.spec.versions.iter().any(|version| version.name == name);
        let stored = installed.status.iter().flat_map(|status| status.stored_versions.iter().flatten());
        let storing = installed.spec.versions.iter().filter(|version| version.storage);
        let mut stored: Vec<&String> = stored.chain(storing.map(|version| &version.name)).collect();
        stored.sort();
        stored.dedup();
        for name in stored.iter().filter(|name| !is_ours(name)) {
            self.version = Some((*name).clone());
            self.add("", DifferenceKind::StillStored);
        }
        for version in installed.spec.versions.iter().filter(|version| version.served) {
            if !is_ours(&version.name) && !stored.contains(&&version.name) {
                self.version = Some(version.name.clone());
                self.add("", DifferenceKind::AlsoServed);
            }
        }
    }

    fn version(&mut self, version: Sides<&CustomResourceDefinitionVersion>, unknown: Sides<Unknown>) {
        let Sides { installed, ours } = version;
        if ours.storage && !installed.storage {
            self.add("", DifferenceKind::NotStored);
        }
        let anything = anything();
        let schemas = Sides {
            installed: schema(installed).unwrap_or(&anything),
            ours: schema(ours).unwrap_or(&anything),
        };
        if fits(schemas.installed, DEEPEST) && fits(schemas.ours, DEEPEST) {
            self.schema("", schemas, unknown);
        } else {
            self.add("", DifferenceKind::TooDeep);
        }
        let theirs = installed.additional_printer_columns.as_deref().unwrap_or_default();
        for column in ours.additional_printer_columns.iter().flatten() {
            if !theirs.iter().any(|theirs| theirs.json_path == column.json_path) {
                self.add("", DifferenceKind::NoColumn(column.name.clone()));
            }
        }
        let theirs = installed.selectable_fields.as_deref().unwrap_or_default();
        for field in ours.selectable_fields.iter().flatten() {
            if !theirs.contains(field) {
                self.add("", DifferenceKind::NotSelectable(field.json_path.clone()));
            }
        }
    }

    /// Both schemas have passed [`fits`], so that this ends.
    fn schema(&mut self, path: &str, schemas: Sides<&JSONSchemaProps>, unknown: Sides<Unknown>) {
        let Sides { installed, ours } = schemas;
        let (theirs, asked) = (constraints(installed), constraints(ours));
        for constraint in &theirs {
            if !asked.iter().any(|asked| asked.implies(constraint)) {
                self.add(path, DifferenceKind::Refuses(constraint.clone()));
            }
        }
        for constraint in &asked {
            if !theirs.iter().any(|theirs| theirs.implies(constraint)) {
                self.add(path, DifferenceKind::Accepts(constraint.clone()));
            }
        }
        if let (Some(theirs), Some(ours)) = (&installed.type_, &ours.type_)
            && theirs != ours
        {
            // What is inside of the one is not comparable with what is inside of the other.
            return;
        }
        let unknown =
            Sides { installed: unknown.installed.inside(installed), ours: unknown.ours.inside(ours) };
        self.object(path, schemas, unknown);
        let path = format!("{path}[]");
        match (item(installed), item(ours)) {
            (Some(installed), Some(ours)) => self.schema(&path, Sides { installed, ours }, unknown),
            (Some(installed), None) => self.schema(&path, Sides { installed, ours: &anything() }, unknown),
            (None, Some(_)) => self.add(&path, DifferenceKind::Unchecked),
            (None, None) => {}
        }
    }

    fn object(&mut self, path: &str, schemas: Sides<&JSONSchemaProps>, unknown: Sides<Unknown>) {
        let (theirs, ours) =
            (Values::of(schemas.installed, unknown.installed), Values::of(schemas.ours, unknown.ours));
        let is_object = |schema: &JSONSchemaProps| schema.type_.as_deref() == Some("object");
        match (&theirs, &ours) {
            _ if !is_object(schemas.installed) && !is_object(schemas.ours) => {}
            (Values::None, Values::None) => {}
            (_, Values::None) => self.add(path, DifferenceKind::KeepsUnknown),
            (Values::None, _) => self.add(path, DifferenceKind::PrunesUnknown),
            (Values::Any, Values::Any) => {}
            (Values::Any, Values::Of(_)) => self.add(&format!("{path}.*"), DifferenceKind::Unchecked),
            (Values::Of(installed), Values::Any) => {
                self.schema(&format!("{path}.*"), Sides { installed, ours: &anything() }, unknown);
            }
            (Values::Of(installed), Values::Of(ours)) => {
                self.schema(&format!("{path}.*"), Sides { installed, ours }, unknown);
            }
        }
        let nothing = BTreeMap::new();
        let properties = schemas.installed.properties.as_ref().unwrap_or(&nothing);
        let our_properties = schemas.ours.properties.as_ref().unwrap_or(&nothing);
        for (key, schema) in our_properties {
            let path = format!("{path}.{key}");
            match (properties.get(key), &theirs) {
                (Some(installed), _) => self.schema(&path, Sides { installed, ours: schema }, unknown),
                (None, Values::Of(installed)) => {
                    self.schema(&path, Sides { installed, ours: schema }, unknown);
                }
                (None, Values::Any) => self.add(&path, DifferenceKind::Unchecked),
                (None, Values::None) => self.add(&path, DifferenceKind::Prunes),
            }
        }
        for (key, installed) in properties.iter().filter(|(key, _)| !our_properties.contains_key(*key)) {
            // The API server knows these three itself.
            if path.is_empty() && ["apiVersion", "kind", "metadata"].contains(&key.as_str()) {
                continue;
            }
            let path = format!("{path}.{key}");
            match &ours {
                Values::Of(ours) => self.schema(&path, Sides { installed, ours }, unknown),
                Values::Any => self.schema(&path, Sides { installed, ours: &anything() }, unknown),
                Values::None => self.add(&path, DifferenceKind::Keeps),
            }
        }
    }
}

fn missing(installed: Option<&[String]>, ours: Option<&[String]>) -> Vec<String> {
    let installed = installed.unwrap_or_default();
    ours.unwrap_or_default().iter().filter(|name| !installed.contains(name)).cloned().collect()
}

fn schema(version: &CustomResourceDefinitionVersion) -> Option<&JSONSchemaProps> {
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

/// The schema that keeps and accepts everything.
fn anything() -> JSONSchemaProps {
    JSONSchemaProps { x_kubernetes_preserve_unknown_fields: Some(true), ..JSONSchemaProps::default() }
}

fn item(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => Some(item),
        // A schema for each place, which the API server does not take.
        Some(JSONSchemaPropsOrArray::Schemas(_)) | None => None,
    }
}

/// What an object may have under keys that have no schema of their own.
enum Values<'s> {
    None,
    Any,
    Of(&'s JSONSchemaProps),
}

impl<'s> Values<'s> {
    fn of(schema: &'s JSONSchemaProps, unknown: Unknown) -> Self {
        match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(schema)) => Self::Of(schema),
            Some(JSONSchemaPropsOrBool::Bool(true)) => Self::Any,
            Some(JSONSchemaPropsOrBool::Bool(false)) | None if unknown.is_kept() => Self::Any,
            Some(JSONSchemaPropsOrBool::Bool(false)) | None => Self::None,
        }
    }
}

fn constraints(schema: &JSONSchemaProps) -> Vec<Constraint> {
    let mut all: Vec<Constraint> = schema.type_.iter().cloned().map(Constraint::Type).collect();
    if schema.nullable != Some(true) {
        all.push(Constraint::NotNull);
    }
    all.extend(schema.required.iter().flatten().cloned().map(Constraint::Required));
    all.extend(
        schema
            .enum_
            .as_ref()
            .map(|values| Constraint::OneOf(values.iter().map(|JSON(value)| value.clone()).collect())),
    );
    all.extend(schema.min_length.map(Constraint::MinLength));
    all.extend(schema.max_length.map(Constraint::MaxLength));
    all.extend(schema.min_items.map(Constraint::MinItems));
    all.extend(schema.max_items.map(Constraint::MaxItems));
    all.extend(schema.min_properties.map(Constraint::MinProperties));
    all.extend(schema.max_properties.map(Constraint::MaxProperties));
    all.extend(schema.pattern.iter().cloned().map(Constraint::Pattern));
    let rules = schema.x_kubernetes_validations.iter().flatten();
    all.extend(rules.map(|rule| Constraint::Rule(rule.rule.trim().to_owned())));
    all.extend(others(schema));
    all.retain(|constraint| !constraint.asks_nothing());
    all
}

/// The keywords that are compared by equality alone.
fn others(schema: &JSONSchemaProps) -> impl Iterator<Item = Constraint> {
    [
        ("allOf", value(&schema.all_of)),
        ("anyOf", value(&schema.any_of)),
        ("oneOf", value(&schema.one_of)),
        ("not", value(&schema.not)),
        ("format", value(&schema.format)),
        ("minimum", value(&schema.minimum)),
        ("exclusiveMinimum", value(&schema.exclusive_minimum)),
        ("maximum", value(&schema.maximum)),
        ("exclusiveMaximum", value(&schema.exclusive_maximum)),
        ("multipleOf", value(&schema.multiple_of)),
        ("uniqueItems", value(&schema.unique_items)),
        ("x-kubernetes-embedded-resource", value(&schema.x_kubernetes_embedded_resource)),
        ("x-kubernetes-int-or-string", value(&schema.x_kubernetes_int_or_string)),
        ("x-kubernetes-list-type", value(&schema.x_kubernetes_list_type)),
    ]
    .into_iter()
    .filter_map(|(keyword, value)| Some(Constraint::Other { keyword, value: value? }))
}

/// What a keyword says, unless that is the same as not to say it.
fn value(keyword: &Option<impl Serialize>) -> Option<Value> {
    let value = serde_json::to_value(keyword.as_ref()?).ok()?;
    (value != false && value != "atomic").then_some(value)
}

/// Whether the schema has at most so many levels.
fn fits(schema: &JSONSchemaProps, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return false;
    };
    let listed = [&schema.all_of, &schema.any_of, &schema.one_of].into_iter().flatten().flatten();
    let keyed = [&schema.properties, &schema.definitions, &schema.pattern_properties];
    let items = match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => std::slice::from_ref(&**item),
        Some(JSONSchemaPropsOrArray::Schemas(items)) => items,
        None => &[],
    };
    let values = [&schema.additional_properties, &schema.additional_items];
    let values = values.into_iter().flatten().filter_map(|values| match values {
        JSONSchemaPropsOrBool::Schema(schema) => Some(&**schema),
        JSONSchemaPropsOrBool::Bool(_) => None,
    });
    listed
        .chain(keyed.into_iter().flatten().flat_map(BTreeMap::values))
        .chain(items)
        .chain(values)
        .chain(schema.not.as_deref())
        .all(|schema| fits(schema, levels))
}
