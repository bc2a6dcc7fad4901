package postal

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

// Limits against files that are not what they claim to be. The national file
// of 2026 has 2 MB zipped, 18 MB plain and 125,000 rows.
const (
	maxFileBytes  = 64 << 20
	maxPlainBytes = 128 << 20
	maxEntries    = 16
	maxRows       = 1_000_000
)

// Kind is the form of a file of Japan Post.
type Kind string

// The kinds of files that Read knows.
const (
	// KindUTF8 is utf_ken_all, one row for each town area.
	KindUTF8 Kind = "utf_ken_all"
	// KindKenAll is KEN_ALL in CP932, long town areas split over rows.
	KindKenAll Kind = "ken_all"
	// KindOffices is JIGYOSYO in CP932, the codes of offices (大口事業所).
	KindOffices Kind = "jigyosyo"
	// KindSeed is the list that comes with the program.
	KindSeed Kind = "seed"
)

// The reasons why a file is refused; test with errors.Is.
var (
	// ErrNotPostal: the file is none of Japan Post's.
	ErrNotPostal = errors.New("not a postal code file of Japan Post")
	// ErrTruncated: the file ends early or its zip is damaged.
	ErrTruncated = errors.New("file is cut off or damaged")
	// ErrTooLarge: the file is larger than any such file can be.
	ErrTooLarge = errors.New("file is too large for a postal code file")
	// ErrColumns: a row does not have the published columns; see RowError.
	ErrColumns = errors.New("row does not have the published columns")
)

// RowError names the line of a file that was refused.
type RowError struct {
	Line int // from 1, lines of the file itself
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the reason, one of the errors above.
func (e *RowError) Unwrap() error { return e.Err }

// Edition says which issue of which file this is.
type Edition struct {
	Kind   Kind
	Name   string    // name inside the zip, empty for a plain file
	Dated  time.Time // date of the zip entry as written there (no zone), zero for a plain file
	SHA256 string    // of the file as received, hexadecimal
	Lines  int       // lines of the file
	Rows   int       // rows after split lines were joined
}

// File is one parsed file, not yet searchable; see NewDictionary.
type File struct {
	Edition Edition
	rows    []record
}

// Read reads a zip or a plain CSV of Japan Post and finds out which it is.
// Errors are ErrNotPostal, ErrTruncated, ErrTooLarge, a RowError with
// ErrColumns, or the reader's own.
func Read(r io.ReaderAt, size int64) (*File, error) {
	if size > maxFileBytes {
		return nil, ErrTooLarge
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), raw); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read postal file: %w", ErrTruncated)
		}
		return nil, fmt.Errorf("read postal file: %w", err)
	}
	return ReadBytes(raw)
}

// ReadBytes is Read for a file already in memory. It keeps nothing of raw.
func ReadBytes(raw []byte) (*File, error) { return readWithin(raw, maxPlainBytes) }

// readWithin reads a file that may unpack to at most limit bytes.
func readWithin(raw []byte, limit int64) (*File, error) {
	if len(raw) > maxFileBytes {
		return nil, ErrTooLarge
	}
	sum := sha256.Sum256(raw)
	f := &File{Edition: Edition{SHA256: hex.EncodeToString(sum[:])}}
	plain := raw
	if bytes.HasPrefix(raw, []byte("PK")) {
		var err error
		if plain, err = f.unzip(raw, limit); err != nil {
			return nil, fmt.Errorf("open zip: %w", err)
		}
	}
	plain = bytes.TrimPrefix(plain, []byte("\xef\xbb\xbf"))
	if len(plain) == 0 {
		return nil, ErrNotPostal
	}
	text, err := decode(plain, &f.Edition)
	if err != nil {
		return nil, err
	}
	if f.rows, err = parse(text, &f.Edition); err != nil {
		return nil, err
	}
	f.Edition.Rows = len(f.rows)
	return f, nil
}

// unzip returns the one CSV of a zip. The size is counted while reading, so
// that a header that lies about it gains nothing.
func (f *File) unzip(raw []byte, limit int64) ([]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, ErrTruncated
	}
	var entry *zip.File
	for i, e := range z.File {
		if i >= maxEntries {
			return nil, ErrNotPostal
		}
		if entry == nil && strings.EqualFold(path.Ext(e.Name), ".csv") {
			entry = e
		}
	}
	if entry == nil {
		return nil, ErrNotPostal
	}
	body, err := entry.Open()
	if err != nil {
		return nil, ErrTruncated
	}
	var plain bytes.Buffer
	plain.Grow(int(min(entry.UncompressedSize64, 32<<20)))
	n, err := io.Copy(&plain, io.LimitReader(body, limit+1))
	if n > limit {
		return nil, ErrTooLarge
	}
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTruncated, err)
	}
	f.Edition.Name, f.Edition.Dated = entry.Name, entry.Modified
	return plain.Bytes(), nil
}

// decode gives the text in UTF-8. Japan Post's two encodings are told apart
// by validity: no CP932 edition is valid UTF-8.
func decode(plain []byte, ed *Edition) (string, error) {
	if utf8.Valid(plain) {
		ed.Kind = KindUTF8
		return string(plain), nil
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(plain)
	if err != nil {
		return "", ErrNotPostal
	}
	ed.Kind = KindKenAll
	return sameMarks.Replace(string(text)), nil
}

// sameMarks gives CP932's range and minus signs the code points of the UTF-8
// edition, so that the two editions differ in nothing but their form.
var sameMarks = strings.NewReplacer("～", "〜", "－", "−")
