package intake

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/postal"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of postal files, all on the field "file".
var (
	PostalNotJapanPost = problem.Define(problem.Invalid, "postal_not_japan_post")
	PostalTruncated    = problem.Define(problem.Invalid, "postal_truncated")
	PostalTooLarge     = problem.Define(problem.Invalid, "postal_too_large")
	PostalColumns      = problem.Define(problem.Invalid, "postal_columns") // arg: line
	PostalSame         = problem.Define(problem.Conflict, "postal_same")
	PostalOfferGone    = problem.Define(problem.Conflict, "postal_offer_gone")
)

// PostalFileBytes is the most a postal file may have.
const PostalFileBytes = 64 << 20

// mostChanges is how many changes a report lists one by one.
const mostChanges = 300

// Dictionary hands out the postal dictionary (郵便番号辞書) that the store holds.
// Until it is read, and while a newer one is, the one before answers.
type Dictionary struct {
	st      *store.Store
	log     *slog.Logger
	now     atomic.Pointer[shelf]
	loading sync.Mutex
	wait    sync.WaitGroup
}

// shelf is a dictionary with the rows of the store that it was made from.
type shelf struct {
	rows string
	dict *postal.Dictionary
}

// NewDictionary begins with the list that comes with the program.
func NewDictionary(st *store.Store, log *slog.Logger) *Dictionary {
	d := &Dictionary{st: st, log: log}
	d.now.Store(&shelf{dict: postal.SeedDictionary()})
	return d
}

const currentRows = `SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM postal_file WHERE state = 'current' ORDER BY id)`

// Now is the dictionary in use. When the store holds another one, that is read
// in the background, and Now gives the one before until it is complete.
func (d *Dictionary) Now(tx *store.Tx) (*postal.Dictionary, error) {
	rows, err := store.One[string](tx, currentRows)
	if err != nil {
		return nil, err
	}
	s := d.now.Load()
	if s.rows != rows && d.loading.TryLock() {
		d.wait.Go(func() {
			defer d.loading.Unlock()
			if err := d.load(context.Background()); err != nil && !errors.Is(err, store.ErrClosed) {
				d.log.Error("read postal dictionary", "error", err)
			}
		})
	}
	return s.dict, nil
}

// Latest waits until the dictionary of the store is read, for work in the background.
func (d *Dictionary) Latest(ctx context.Context) (*postal.Dictionary, error) {
	d.loading.Lock()
	defer d.loading.Unlock()
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	return d.now.Load().dict, nil
}

// Wait returns when nothing is read in the background any more.
func (d *Dictionary) Wait() { d.wait.Wait() }

func (d *Dictionary) load(ctx context.Context) error {
	var rows string
	var bodies [][]byte
	err := d.st.Read(ctx, func(tx *store.Tx) (err error) {
		if rows, err = store.One[string](tx, currentRows); err != nil || rows == d.now.Load().rows {
			return err
		}
		bodies, err = store.All[[]byte](tx, `SELECT body FROM postal_file WHERE state = 'current' ORDER BY id`)
		return err
	})
	if err != nil || rows == d.now.Load().rows {
		return err
	}
	files := make([]*postal.File, 0, len(bodies))
	for _, body := range bodies {
		f, err := postal.ReadBytes(body)
		if err != nil {
			return fmt.Errorf("read postal file: %w", err)
		}
		files = append(files, f)
	}
	d.now.Store(&shelf{rows: rows, dict: postal.NewDictionary(files...)})
	return nil
}

// HomeTown is the municipality to which an address belongs that names none.
func HomeTown(tx *store.Tx, d *postal.Dictionary) (postal.Default, error) {
	town, err := settings.Get(tx)
	if err != nil {
		return postal.Default{}, err
	}
	if town.Municipality == "" {
		return postal.SeedDefault(), nil
	}
	home, err := d.ParseDefault(town.Municipality)
	if err != nil {
		return postal.SeedDefault(), nil // a name that the dictionary does not have helps nobody
	}
	return home, nil
}

// PostalFile is one file of Japan Post that was taken in, or is on offer.
type PostalFile struct {
	ID        int64
	Ref       store.Ref
	Family    string // towns or offices
	Kind      postal.Kind
	Name      string
	DatedOn   jp.Date // of the file inside the zip; zero for a plain file
	SHA256    string
	LineCount int
	RowCount  int
	Report    string
	State     string // offered, current or past
	OfferedAt time.Time
	TakenAt   time.Time
}

const selectPostalFile = `SELECT id, ref, family, kind, name, dated_on, sha256 AS sha256, line_count, row_count, report, state, offered_at, taken_at FROM postal_file `

// KindLabel is the file's kind on the screen.
func (f PostalFile) KindLabel() string {
	switch f.Kind {
	case postal.KindUTF8:
		return "住所の郵便番号（UTF-8）"
	case postal.KindKenAll:
		return "住所の郵便番号（シフトJIS）"
	case postal.KindOffices:
		return "事業所の個別郵便番号"
	}
	return string(f.Kind)
}

// Changes is what a file changes.
type Changes struct {
	First                         bool // nothing but the built-in list was there before
	Added, Removed, Changed, Same int
	List                          []Change // the town's own first, at most 300
}

// Change is one town area or office whose code is added, removed or changed.
type Change struct {
	Own      bool // of the town itself
	Place    string
	Old, New string
}

// ReadReport takes a file's report apart.
func (f PostalFile) ReadReport() (c Changes, err error) {
	return c, json.Unmarshal([]byte(f.Report), &c)
}

// PostalFiles lists files on offer and in use, then the last that were.
func PostalFiles(tx *store.Tx) ([]PostalFile, error) {
	return store.All[PostalFile](tx, selectPostalFile+`
		ORDER BY CASE state WHEN 'offered' THEN 0 WHEN 'current' THEN 1 ELSE 2 END, family DESC, id DESC LIMIT 20`)
}

// PostalOffer finds a file on offer. Problem: PostalOfferGone.
func PostalOffer(tx *store.Tx, ref store.Ref) (PostalFile, error) {
	f, err := store.One[PostalFile](tx, selectPostalFile+`WHERE ref = ? AND state = 'offered'`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return f, PostalOfferGone
	}
	return f, err
}

// Prepared is a postal file that was read and compared, ready to be offered.
type Prepared struct {
	file    *postal.File
	name    string
	body    []byte
	changes Changes
}

// Prepare reads a file of Japan Post and compares it with the dictionary in
// use. name is what the file was called. Problems: PostalNotJapanPost,
// PostalTruncated, PostalTooLarge, PostalColumns.
func (d *Dictionary) Prepare(ctx context.Context, name string, raw []byte) (Prepared, error) {
	f, err := postal.ReadBytes(raw)
	if err != nil {
		return Prepared{}, postalProblem(err)
	}
	p := Prepared{file: f, name: name, body: raw}
	if f.Edition.Name != "" {
		p.name = f.Edition.Name
	}
	if !bytes.HasPrefix(raw, []byte("PK")) {
		if p.body, err = zipped(name, raw); err != nil {
			return p, err
		}
	}
	before, err := d.Latest(ctx)
	if err != nil {
		return p, err
	}
	err = d.st.Read(ctx, func(tx *store.Tx) error {
		home, err := HomeTown(tx, before)
		if err != nil {
			return err
		}
		p.changes, err = compare(tx, before, f, home)
		return err
	})
	return p, err
}

func compare(tx *store.Tx, before *postal.Dictionary, f *postal.File, home postal.Default) (Changes, error) {
	family := familyOf(f)
	n, err := store.One[int](tx, `SELECT count(*) FROM postal_file WHERE state = 'current' AND family = ?`, family)
	if err != nil {
		return Changes{}, err
	}
	diff := postal.DiffFile(before, f)
	c := Changes{First: n == 0, Added: len(diff.Added), Removed: len(diff.Removed), Changed: len(diff.Changed), Same: diff.Same}
	var own, others []Change
	for _, x := range slices.Concat(diff.Changed, diff.Removed, diff.Added) {
		change := Change{Place: x.Prefecture + x.Municipality + x.Town, Old: strings.Join(x.Old, " "), New: strings.Join(x.New, " ")}
		if change.Own = x.Prefecture == home.Prefecture && x.Municipality == home.County+home.Municipality; change.Own {
			own = append(own, change)
		} else if !c.First {
			others = append(others, change)
		}
	}
	all := append(own, others...)
	c.List = all[:min(len(all), mostChanges)]
	return c, nil
}

const (
	towns   = "towns"
	offices = "offices"
)

func familyOf(f *postal.File) string {
	if f.Edition.Kind == postal.KindOffices {
		return offices
	}
	return towns
}

func zipped(name string, raw []byte) ([]byte, error) {
	if !strings.HasSuffix(strings.ToLower(name), ".csv") {
		name += ".csv"
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("zip postal file: %w", err)
	}
	return out.Bytes(), nil
}

func postalProblem(err error) error {
	var row *postal.RowError
	switch {
	case errors.Is(err, postal.ErrTruncated):
		return PostalTruncated.On("file")
	case errors.As(err, &row):
		return PostalColumns.On("file").With("line", fmt.Sprint(row.Line))
	case errors.Is(err, postal.ErrTooLarge):
		return PostalTooLarge.On("file")
	case errors.Is(err, postal.ErrNotPostal):
		return PostalNotJapanPost.On("file")
	}
	return err
}

// OfferPostalFile keeps a file for a person to look at; nothing uses it yet. An
// earlier offer of the same family is dropped. Problem: PostalSame.
func OfferPostalFile(tx *store.Tx, by audit.Actor, p Prepared) (store.Ref, error) {
	ed := p.file.Edition
	family := familyOf(p.file)
	n, err := store.One[int](tx, `SELECT count(*) FROM postal_file WHERE state = 'current' AND sha256 = ?`, ed.SHA256)
	if err != nil {
		return "", err
	}
	if n > 0 {
		return "", PostalSame.On("file")
	}
	report, err := json.Marshal(p.changes)
	if err != nil {
		return "", fmt.Errorf("offer postal file: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM postal_file WHERE state = 'offered' AND family = ?`, family); err != nil {
		return "", fmt.Errorf("drop earlier offer: %w", err)
	}
	var dated jp.Date
	if !ed.Dated.IsZero() {
		dated = jp.Date{Year: ed.Dated.Year(), Month: ed.Dated.Month(), Day: ed.Dated.Day()}
	}
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO postal_file (ref, family, kind, name, dated_on, sha256, line_count, row_count, report, body, state, offered_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'offered', ?)`,
		ref, family, string(ed.Kind), p.name, dated, ed.SHA256, ed.Lines, ed.Rows, string(report), p.body, tx.Now)
	if err != nil {
		return "", fmt.Errorf("offer postal file: %w", err)
	}
	return ref, audit.Record(tx, by, audit.PostalFileOffered, audit.Subject{Kind: "postal_file", Ref: ref},
		audit.Detail{"kind": ed.Kind, "rows": ed.Rows})
}

// TakePostalFile puts a file on offer into use in place of the one before.
// Problem: PostalOfferGone.
func TakePostalFile(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	f, err := PostalOffer(tx, ref)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE postal_file SET state = 'past', body = NULL WHERE state = 'current' AND family = ?`, f.Family); err != nil {
		return fmt.Errorf("retire postal file: %w", err)
	}
	if _, err := tx.Exec(`UPDATE postal_file SET state = 'current', taken_at = ? WHERE id = ?`, tx.Now, f.ID); err != nil {
		return fmt.Errorf("take postal file: %w", err)
	}
	return audit.Record(tx, by, audit.PostalFileTaken, audit.Subject{Kind: "postal_file", Ref: ref},
		audit.Detail{"kind": f.Kind, "rows": f.RowCount, "sha256": f.SHA256})
}

// DropPostalFile forgets a file on offer. Problem: PostalOfferGone.
func DropPostalFile(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	f, err := PostalOffer(tx, ref)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM postal_file WHERE id = ?`, f.ID); err != nil {
		return fmt.Errorf("drop postal file: %w", err)
	}
	return audit.Record(tx, by, audit.PostalFileDropped, audit.Subject{Kind: "postal_file", Ref: ref}, nil)
}
