//! Signed statements of the service, one compact JWS each (RFC 7515, section 7.1), such as checkpoints of its logs.

use std::fmt;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use entity::signing_key;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    auth::KeyEncryption,
    error::{Error, Result},
};

/// Type in the header; it prevents statements from being accepted as tokens, and the reverse.
const TYPE: &str = "audit-checkpoint+jwt";

/// A key that signs and verifies statements.
pub struct StatementSigner {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
}

impl fmt::Debug for StatementSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StatementSigner").field(&self.kid).finish()
    }
}

impl StatementSigner {
    /// Decrypts the key of a row.
    ///
    /// # Errors
    /// `Internal` if its material cannot be decrypted, or is no PKCS#8 document of P-256.
    pub(crate) fn of(row: &signing_key::Model, encryption: &KeyEncryption) -> Result<Self> {
        let material = encryption.decrypt(row)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &material)
            .map_err(|_| Error::internal(format!("key {} cannot be parsed", row.kid)))?;
        Ok(Self {
            kid: row.kid.clone(),
            signing: EncodingKey::from_ec_der(&material),
            verifying: DecodingKey::from_ec_der(pair.public_key().as_ref()),
        })
    }

    /// Signs a statement.
    ///
    /// # Errors
    /// `Internal` if signing fails.
    pub fn seal(&self, statement: &impl Serialize) -> Result<String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, statement, &self.signing).map_err(Error::internal)
    }

    /// The statement of a signed line; `None` if this key did not sign it.
    pub fn open<T: DeserializeOwned + Clone>(&self, line: &str) -> Option<T> {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let opened = jsonwebtoken::decode::<T>(line, &self.verifying, &validation).ok()?;
        (opened.header.typ.as_deref() == Some(TYPE)).then_some(opened.claims)
    }
}
