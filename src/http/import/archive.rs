//! The files in a zip archive that a client sent.

use std::io::{Cursor, Read};

use actix_web::http::StatusCode;
use zip::{ZipArchive, read::ZipFile};

use crate::{
    http::error::Refused,
    import::{Contents, FILES},
    limit::ArchiveLimits,
};

/// Longest name of a file.
const LONGEST_NAME: usize = 100;

/// Unpacks the CSV files. They are at the top or together in one folder; other files are skipped.
///
/// # Errors
/// 400 if the bytes are not a whole archive without encryption; 413 over a limit.
pub fn unpacked(bytes: &[u8], limits: ArchiveLimits) -> Result<Contents, Refused> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| not_a_zip())?;
    if archive.len() > limits.entries as usize {
        return Err(too_large(
            format!("Tệp nén có hơn {} mục; hãy chỉ gửi các tệp CSV của gói nhập.", limits.entries),
            format!("The archive has more than {} entries; send the CSV files of the bundle only.", limits.entries),
        ));
    }
    let (mut contents, mut folder, mut left) = (Contents::new(), None, u64::from(limits.unpacked) << 20);
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|_| damaged())?;
        let path = entry.name().map_err(|_| damaged())?.replace('\\', "/");
        let (within, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let is_csv = name.to_ascii_lowercase().ends_with(".csv") && !name.starts_with('.');
        if !is_csv || within.split('/').any(|part| part == "__MACOSX") {
            continue;
        }
        if *folder.get_or_insert_with(|| within.to_owned()) != within {
            return Err(bad_archive(
                "Các tệp CSV nằm ở nhiều thư mục trong tệp nén; hãy đặt tất cả vào một thư mục.",
                "The CSV files are in several folders of the archive; put all of them into one.",
            ));
        }
        if name.chars().count() > LONGEST_NAME || contents.contains_key(name) {
            return Err(bad_archive(
                "Tệp nén có hai tệp cùng tên, hoặc một tên quá dài; hãy nén lại.",
                "Two files of the archive have the same name, or a name is too long; pack it again.",
            ));
        }
        let text = read(&mut entry, left, limits.unpacked)?;
        left -= text.len() as u64;
        contents.insert(name.to_owned(), text);
    }
    if !FILES.iter().any(|file| contents.contains_key(file.name)) {
        let files = FILES.map(|file| file.name).join(", ");
        return Err(bad_archive(
            format!("Tệp nén không có tệp nào của gói nhập; các tệp: {files}."),
            format!("The archive has no file of an import bundle; the files are {files}."),
        ));
    }
    Ok(contents)
}

/// Reads a file up to a limit. The size that the archive states is not trusted.
fn read(entry: &mut ZipFile<'_, impl Read>, left: u64, limit: u32) -> Result<Vec<u8>, Refused> {
    if entry.encrypted() {
        return Err(bad_archive(
            "Tệp nén có mật khẩu; hãy nén không mật khẩu, kết nối đã được mã hóa.",
            "The archive is encrypted; pack it without a password, the connection is encrypted.",
        ));
    }
    let mut text = Vec::new();
    entry.take(left + 1).read_to_end(&mut text).map_err(|_| damaged())?;
    if text.len() as u64 > left {
        return Err(too_large(
            format!("Các tệp sau khi giải nén lớn hơn {limit} MiB; hãy chia gói nhập thành nhiều gói."),
            format!("The unpacked files are larger than {limit} MiB; divide the bundle into several."),
        ));
    }
    Ok(text)
}

fn not_a_zip() -> Refused {
    bad_archive(
        "Nội dung không phải là tệp zip đầy đủ; hãy gửi lại toàn bộ tệp.",
        "The body is not a whole zip archive; send the whole file again.",
    )
}

fn damaged() -> Refused {
    bad_archive(
        "Tệp zip bị hỏng hoặc dùng cách nén không được hỗ trợ; hãy nén lại bằng Deflate.",
        "The zip archive is damaged or uses an unsupported compression; pack it again with Deflate.",
    )
}

fn bad_archive(vi: impl Into<String>, en: impl Into<String>) -> Refused {
    Refused::new(StatusCode::BAD_REQUEST, "BAD_ARCHIVE", vi, en)
}

fn too_large(vi: String, en: String) -> Refused {
    Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", vi, en)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    const LIMITS: ArchiveLimits = ArchiveLimits { size: 1, entries: 4, unpacked: 1 };

    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            archive.start_file(*name, SimpleFileOptions::default()).unwrap();
            archive.write_all(text).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn code(bytes: &[u8]) -> &'static str {
        unpacked(bytes, LIMITS).map_or_else(|refused| refused.code, |_| "OK")
    }

    #[test]
    fn files_of_one_folder_are_unpacked_and_others_skipped() {
        let bytes = zip(&[
            ("gói/cadres.csv", b"a"),
            ("gói/other.CSV", b"b"),
            ("readme.txt", b"c"),
            ("__MACOSX/._cadres.csv", b"d"),
        ]);
        let contents = unpacked(&bytes, LIMITS).unwrap();
        let names: Vec<_> = contents.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
        assert_eq!(names, [("cadres.csv", b"a".as_slice()), ("other.CSV", b"b")]);
    }

    #[test]
    fn an_archive_that_expands_beyond_the_limit_is_refused() {
        let mib = vec![b'a'; 1 << 20];
        assert_eq!(code(&zip(&[("cadres.csv", &mib)])), "OK", "the control: the limit");
        let bomb = zip(&[("cadres.csv", &mib), ("units.csv", b"a")]);
        assert!(bomb.len() < 10_000, "{}", bomb.len());
        assert_eq!(code(&bomb), "PAYLOAD_TOO_LARGE");
        assert_eq!(code(&zip(&[("cadres.csv", &vec![b'a'; 40 << 20])])), "PAYLOAD_TOO_LARGE");
    }

    /// The size in the directory of an archive can be wrong; the limit holds for the bytes.
    #[test]
    fn the_stated_size_is_not_trusted() {
        let mut bytes = zip(&[("cadres.csv", &vec![b'a'; 2 << 20])]);
        let stated = (2_u32 << 20).to_le_bytes();
        let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == stated).collect();
        assert!(!places.is_empty(), "the control: the size is stated");
        for at in places {
            bytes[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
        }
        assert_ne!(code(&bytes), "OK");
    }

    #[test]
    fn too_many_entries_and_repeated_names_are_refused() {
        let files =
            [("1.csv", b"a".as_slice()), ("2.csv", b"a"), ("3.csv", b"a"), ("4.csv", b"a"), ("cadres.csv", b"a")];
        assert_eq!(code(&zip(&files)), "PAYLOAD_TOO_LARGE");
        assert_eq!(code(&zip(&[("a/cadres.csv", b"a"), ("b/units.csv", b"a")])), "BAD_ARCHIVE");
        assert_eq!(code(&zip(&[("../cadres.csv", b"a"), ("units.csv", b"a")])), "BAD_ARCHIVE");
        assert_eq!(code(&zip(&[("readme.txt", b"a")])), "BAD_ARCHIVE");
    }

    #[test]
    fn a_torn_or_damaged_archive_is_refused() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
        let whole = zip(&[("cadres.csv", &text)]);
        assert_eq!(code(&whole), "OK", "the control");
        for kept in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
            assert_eq!(code(&whole[..kept]), "BAD_ARCHIVE", "{kept} bytes");
        }
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        assert_eq!(code(&damaged), "BAD_ARCHIVE");
    }
}
