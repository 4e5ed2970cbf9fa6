//! Request bodies as the OpenAPI document describes them: the domain's fields, translated.

use serde_json::{Value, json};
use utoipa::openapi::{
    OneOfBuilder, Ref, RefOr, Schema,
    schema::{
        AdditionalProperties, ArrayBuilder, ArrayItems, KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type,
    },
};
use valpero_domain::{Field, Items, Kind, Literal, Object, Presence, http_check::REDACTED, text_spec::Text};

use crate::schema;

/// What a body is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It says all: an absent field has its default.
    Whole,
    /// It is a JSON Merge Patch (RFC 7396): an absent field stays, and null resets it.
    Patch,
}

/// Names a type, for `request_body`, whose schema is that of an object of fields: `body!(MonitorCreate, MonitorSpec::OBJECT, Whole)`.
#[macro_export]
macro_rules! body {
    ($name:ident, $object:expr, $purpose:ident) => {
        #[doc = concat!("Describes `", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $crate::bodies::Purpose::$purpose.object(&$object)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $crate::bodies::Purpose::$purpose.name(&$object).into()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
                $crate::bodies::Purpose::$purpose.parts(&$object, schemas);
            }
        }
    };
}

impl Purpose {
    /// The name of an object's schema.
    pub const fn name(self, of: &Object) -> &'static str {
        match self {
            Self::Patch if !of.patch_name.is_empty() => of.patch_name,
            Self::Patch | Self::Whole => of.name,
        }
    }

    /// The schema of an object.
    pub fn object(self, of: &Object) -> RefOr<Schema> {
        let this = self.of(of);
        // To a scalar, null is a value like others.
        let optional =
            |field: &Field| field.presence == Presence::Optional && !matches!(field.kind, Kind::Scalar { .. });
        let optional = of.fields.iter().any(optional);
        let null = match this {
            Self::Patch if optional => {
                " Absent fields stay as they are, `null` resets a field to its default (RFC 7396)."
            }
            Self::Patch => " Absent fields stay as they are (RFC 7396).",
            Self::Whole if optional => " `null` is the same as absent.",
            Self::Whole => "",
        };
        let mut object = ObjectBuilder::new().schema_type(Type::Object).description(Some(format!("{}{null}", of.says)));
        for field in of.fields {
            object = object.property(field.name, this.field(field));
            if this == Self::Whole && field.presence == Presence::Required {
                object = object.required(field.name);
            }
        }
        object.build().into()
    }

    /// The schemas of all that an object refers to, by name.
    pub fn parts(self, of: &Object, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let this = self.of(of);
        for field in of.fields {
            match field.kind {
                Kind::Text(text) | Kind::List { of: Items::Texts(text), .. } if !text.name.is_empty() => {
                    schemas.push((text.name.to_owned(), schema::describe(text).build().into()));
                }
                Kind::Object(inner) => this.part(inner, schemas),
                // A list is replaced as a whole.
                Kind::List { of: Items::Objects(inner), .. } => Self::Whole.part(inner, schemas),
                Kind::Integer { .. }
                | Kind::Boolean
                | Kind::Text(_)
                | Kind::List { of: Items::Texts(_), .. }
                | Kind::Map { .. }
                | Kind::Scalar { .. } => {}
            }
        }
    }

    fn part(self, of: &Object, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((self.name(of).to_owned(), self.object(of)));
        self.parts(of, schemas);
    }

    /// An object that looks the same in a patch is described once.
    const fn of(self, of: &Object) -> Self {
        if of.patch_name.is_empty() { Self::Whole } else { self }
    }

    /// The schema of one field.
    fn field(self, field: &Field) -> RefOr<Schema> {
        let (says, default) = match self {
            Self::Whole => (field.description(), field.default_value()),
            Self::Patch => (field.patch_description(), None),
        };
        let description = (!says.is_empty()).then_some(says);
        // In a patch, null takes away a field that goes with another type.
        let nullable = matches!(field.presence, Presence::Optional | Presence::Depends);
        let plain = match field.kind {
            Kind::Text(text) if !text.name.is_empty() => {
                return reference(text.name, nullable, description, default);
            }
            Kind::Object(inner) => return reference(self.name(inner), nullable, description, default),
            Kind::List { of, min, max, .. } => {
                let items = match of {
                    Items::Texts(text) if text.name.is_empty() => schema::describe(text).build().into(),
                    Items::Texts(text) => RefOr::Ref(Ref::from_schema_name(text.name)),
                    Items::Objects(inner) => RefOr::Ref(Ref::from_schema_name(Self::Whole.name(inner))),
                };
                let list = ArrayBuilder::new()
                    .schema_type(types(&[Type::Array], nullable))
                    .items(ArrayItems::RefOrSchema(Box::new(items)))
                    .min_items((min > 0).then_some(min))
                    .max_items(max)
                    .description(description)
                    .default(default);
                return match field.example {
                    Some(example) => list.examples([example.value()]),
                    None => list,
                }
                .build()
                .into();
            }
            Kind::Integer { min, max, step, bits, .. } => ObjectBuilder::new()
                .schema_type(types(&[Type::Integer], nullable))
                .format(Some(SchemaFormat::KnownFormat(if bits == 64 {
                    KnownFormat::Int64
                } else {
                    KnownFormat::Int32
                })))
                .minimum(Some(min))
                .maximum(Some(max))
                .multiple_of((step > 1).then_some(step)),
            Kind::Boolean => ObjectBuilder::new().schema_type(types(&[Type::Boolean], nullable)),
            Kind::Text(text) => self.text(text).schema_type(types(&[Type::String], nullable)),
            Kind::Scalar { max } => {
                let any = [Type::String, Type::Number, Type::Boolean];
                ObjectBuilder::new().schema_type(types(&any, true)).max_length(Some(max))
            }
            Kind::Map { names, reserved, values, max } => {
                let value = self.text(values).schema_type(types(&[Type::String], self == Self::Patch));
                let names =
                    schema::describe(names).pattern(Some(without(names.pattern, &format!("({})", any_case(reserved)))));
                let example = match self {
                    Self::Whole => json!({"authorization": "Bearer s3cret"}),
                    Self::Patch => json!({"authorization": "Bearer s3cret", "x-old": null}),
                };
                ObjectBuilder::new()
                    .schema_type(types(&[Type::Object], nullable))
                    .property_names(Some(names.build()))
                    .additional_properties(Some(AdditionalProperties::RefOr(value.build().into())))
                    .max_properties(Some(max))
                    .examples([example])
            }
        };
        let described = plain.description(description).default(default);
        match field.example.map(Literal::value) {
            Some(example) => described.examples([example]),
            None => described,
        }
        .build()
        .into()
    }

    /// A text; the mark that stands for a stored secret is one only in a patch.
    fn text(self, text: &Text) -> ObjectBuilder {
        let described = schema::describe(text);
        if text.secret && self == Self::Whole {
            described.pattern(Some(without(text.pattern, &REDACTED.replace('*', "\\*"))))
        } else {
            described
        }
    }
}

fn types(of: &[Type], nullable: bool) -> SchemaType {
    let null = nullable.then_some(Type::Null);
    match of {
        [one] if !nullable => SchemaType::Type(one.clone()),
        several => SchemaType::from_iter(several.iter().cloned().chain(null)),
    }
}

/// A pattern that these do not match.
fn without(pattern: &str, refused: &str) -> String {
    format!("^(?!{refused}$){}", pattern.trim_start_matches('^'))
}

/// Names in lower or upper case, as an alternative of a pattern.
fn any_case(names: &[&str]) -> String {
    let letter = |letter: char| match letter {
        'a'..='z' => format!("[{letter}{}]", letter.to_ascii_uppercase()),
        other => other.to_string(),
    };
    names.join("|").chars().map(letter).collect()
}

fn reference(name: &str, nullable: bool, description: Option<String>, default: Option<Value>) -> RefOr<Schema> {
    if nullable {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        let either = OneOfBuilder::new().item(Ref::from_schema_name(name)).item(null);
        return RefOr::T(either.description(description).default(default).build().into());
    }
    let mut reference = Ref::from_schema_name(name);
    reference.description = description.unwrap_or_default();
    reference.default = default;
    RefOr::Ref(reference)
}
