package card

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of list files.
var (
	ListFileNotFound = problem.Define(problem.NotFound, "list_file_not_found")
	ListFileStale    = problem.Define(problem.Conflict, "list_file_stale")
	ListFileBusy     = problem.Define(problem.Conflict, "list_file_busy")
	ListCodeNotFound = problem.Define(problem.NotFound, "list_code_not_found")
	ListCodeSettled  = problem.Define(problem.Conflict, "list_code_settled")
)

// ListFileState is how far a list file has come.
type ListFileState string

// The states.
const (
	ListWaiting ListFileState = "waiting" // for the reader
	ListReading ListFileState = "reading"
	ListRead    ListFileState = "read"    // for a person to look at
	ListRefused ListFileState = "refused" // could not be opened
	ListDone    ListFileState = "done"    // put away
)

// ListFile is a picture or PDF of pages of the recipient list (一覧の画像).
type ListFile struct {
	ID         int64
	Ref        store.Ref
	BatchID    int64
	BatchRef   store.Ref
	Name       string // as the browser told, for showing only
	Format     string
	State      ListFileState
	Refusal    string
	Pages      int // 0 while nobody knows
	Starts     int // how often the reader has begun since the last page it finished
	UploadedAt time.Time
	UploadedBy string
	ReadAt     time.Time
	Version    int
	PagesRead  int
}

func (f ListFile) subject() audit.Subject { return audit.Subject{Kind: "list_file", Ref: f.Ref} }

const selectListFile = `SELECT f.id, f.ref, f.batch_id, batch.ref AS batch_ref, f.name, f.format, f.state, f.refusal, f.pages, f.starts,
	f.uploaded_at, staff.name AS uploaded_by, f.read_at, f.version, (SELECT count(*) FROM list_page WHERE file_id = f.id) AS pages_read
	FROM list_file AS f JOIN staff ON staff.id = f.uploaded_by JOIN batch ON batch.id = f.batch_id `

// ListFileByRef finds a list file. Problem: ListFileNotFound.
func ListFileByRef(tx *store.Tx, ref store.Ref) (ListFile, error) {
	f, err := store.One[ListFile](tx, selectListFile+`WHERE f.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return f, ListFileNotFound
	}
	return f, err
}

// ListFiles lists the files of a batch, newest first.
func ListFiles(tx *store.Tx, batchID int64) ([]ListFile, error) {
	return store.All[ListFile](tx, selectListFile+`WHERE f.batch_id = ? ORDER BY f.id DESC`, batchID)
}

// nameLengthOfFile is how much of a file's name is kept.
const nameLengthOfFile = 100

// AddListFile keeps a file until its pages have been read. Problem: BatchClosed.
func AddListFile(tx *store.Tx, by audit.Actor, batchID int64, name string, body []byte) (ListFile, error) {
	closed, err := store.One[bool](tx, `SELECT closed_at IS NOT NULL FROM batch WHERE id = ?`, batchID)
	if err != nil {
		return ListFile{}, err
	}
	if closed {
		return ListFile{}, BatchClosed
	}
	if runes := []rune(name); len(runes) > nameLengthOfFile {
		name = string(runes[:nameLengthOfFile])
	}
	ref := store.NewRef()
	if _, err := tx.Insert(`INSERT INTO list_file (ref, batch_id, name, state, body, uploaded_at, uploaded_by)
		VALUES (?, ?, ?, 'waiting', ?, ?, ?)`, ref, batchID, name, body, tx.Now, by.StaffID); err != nil {
		return ListFile{}, fmt.Errorf("keep list file: %w", err)
	}
	f, err := ListFileByRef(tx, ref)
	if err != nil {
		return f, err
	}
	return f, audit.Record(tx, by, audit.ListFileAdded, f.subject(), audit.Detail{"bytes": len(body)})
}

// NextListFile is the file that the reader has to read, with its bytes and the
// pages that it has already; ErrNotFound when there is none.
func NextListFile(tx *store.Tx) (f ListFile, body []byte, pages []ListPage, err error) {
	f, err = store.One[ListFile](tx, selectListFile+`WHERE f.state IN ('waiting', 'reading') ORDER BY f.id LIMIT 1`)
	if err != nil {
		return f, nil, nil, err
	}
	if body, err = store.One[[]byte](tx, `SELECT body FROM list_file WHERE id = ?`, f.ID); err != nil {
		return f, nil, nil, err
	}
	pages, err = store.All[ListPage](tx, selectListPage+`WHERE file_id = ? ORDER BY number`, f.ID)
	return f, body, pages, err
}

// BeginListFile notes that the reader begins with a file, or goes on with it.
func BeginListFile(tx *store.Tx, by audit.Actor, f ListFile) error {
	if _, err := tx.Exec(`UPDATE list_file SET state = 'reading', starts = starts + 1 WHERE id = ?`, f.ID); err != nil {
		return fmt.Errorf("begin list file: %w", err)
	}
	return audit.Record(tx, by, audit.ListFileBegun, f.subject(), audit.Detail{"pages_read": f.PagesRead})
}

// ListPage is one page of a file. Found is what the readers saw, for the reader
// to go on from; it and the picture go when they are needed no more.
type ListPage struct {
	Number        int
	Width, Height int // pixels
	Refusal       string
	Stated        int // codes that the page says it has; -1 while nobody has told
	Found         []byte
}

const selectListPage = `SELECT number, width, height, refusal, coalesce(stated, -1) AS stated, found FROM list_page `

// ListPages lists a file's pages that have been read.
func ListPages(tx *store.Tx, fileID int64) ([]ListPage, error) {
	return store.All[ListPage](tx, selectListPage+`WHERE file_id = ? ORDER BY number`, fileID)
}

// KeepListPage keeps a page that the reader has finished. Problem:
// ListFileStale when someone has put the file away meanwhile.
func KeepListPage(tx *store.Tx, by audit.Actor, f ListFile, p ListPage, picture []byte) error {
	n, err := tx.Exec(`UPDATE list_file SET format = ?, pages = ?, starts = 0 WHERE id = ? AND state = 'reading'`, f.Format, f.Pages, f.ID)
	if err != nil {
		return fmt.Errorf("keep list page: %w", err)
	}
	if n == 0 {
		return ListFileStale
	}
	var shown any
	if picture != nil {
		shown = picture
	}
	if _, err := tx.Insert(`INSERT INTO list_page (file_id, number, width, height, refusal, found, picture) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		f.ID, p.Number, p.Width, p.Height, p.Refusal, p.Found, shown); err != nil {
		return fmt.Errorf("keep list page: %w", err)
	}
	return audit.Record(tx, by, audit.ListPageRead, f.subject(), audit.Detail{"page": p.Number})
}

// ListPicture is a page's picture in JPEG. Problem: ListFileNotFound, also when
// it has been put away.
func ListPicture(tx *store.Tx, ref store.Ref, page int) ([]byte, error) {
	picture, err := store.One[[]byte](tx, `SELECT picture FROM list_page JOIN list_file ON list_file.id = file_id
		WHERE ref = ? AND number = ? AND picture IS NOT NULL`, ref, page)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ListFileNotFound
	}
	return picture, err
}

// Role is what a place on a page is.
type Role string

// The roles.
const (
	WholeCode Role = "code"
	PartCode  Role = "part"   // of a code whose value stands at its first part
	Unread    Role = "unread" // looks like a code and was not read
)

// Outcome is what became of a place on a page.
type Outcome string

// The outcomes.
const (
	Undecided       Outcome = ""
	WasRegistered   Outcome = "registered"
	WasTyped        Outcome = "typed"
	WasBefore       Outcome = "before"
	WasUnregistered Outcome = "refused"
	WasNoCode       Outcome = "no_code"
)

// ListCode is a place on a page of a list file.
type ListCode struct {
	ID       int64
	FileID   int64
	Page     int
	Number   int // on the page, from 1
	Role     Role
	Corners  string // JSON: four points in pixels
	Agree    string // agreed, single, disagree
	Raw      []byte
	Payload  []byte
	Second   []byte // what the second reader said instead
	Charset  string
	Unmapped int
	Parts    int
	Lacking  int
	Outcome  Outcome
	CardID   ID
}

const selectListCode = `SELECT id, file_id, page, number, role, corners, agree, raw, payload, second, charset, unmapped, parts, lacking, outcome, card_id
	FROM list_code `

// ListCodes lists the places of a file in the order of its pages.
func ListCodes(tx *store.Tx, fileID int64) ([]ListCode, error) {
	return store.All[ListCode](tx, selectListCode+`WHERE file_id = ? ORDER BY page, number`, fileID)
}

// ListCodeOf finds one place of a file by its page and number. Problem:
// ListCodeNotFound.
func ListCodeOf(tx *store.Tx, fileID int64, page, number int) (ListCode, error) {
	c, err := store.One[ListCode](tx, selectListCode+`WHERE file_id = ? AND page = ? AND number = ?`, fileID, page, number)
	if errors.Is(err, store.ErrNotFound) {
		return c, ListCodeNotFound
	}
	return c, err
}

// EndListFile keeps what was found on all pages and forgets the file itself.
// Problem: ListFileStale when someone has put the file away meanwhile.
func EndListFile(tx *store.Tx, by audit.Actor, f ListFile, codes []ListCode) error {
	n, err := tx.Exec(`UPDATE list_file SET state = 'read', body = NULL, read_at = ?, version = version + 1 WHERE id = ? AND state = 'reading'`, tx.Now, f.ID)
	if err != nil {
		return fmt.Errorf("end list file: %w", err)
	}
	if n == 0 {
		return ListFileStale
	}
	for _, c := range codes {
		if _, err := tx.Insert(`INSERT INTO list_code (file_id, page, number, role, corners, agree, raw, payload, second, charset, unmapped, parts, lacking, outcome)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.ID, c.Page, c.Number, c.Role, c.Corners, c.Agree, blob(c.Raw), blob(c.Payload),
			blob(c.Second), c.Charset, c.Unmapped, c.Parts, c.Lacking, c.Outcome); err != nil {
			return fmt.Errorf("keep code of a list: %w", err)
		}
	}
	if _, err := tx.Exec(`UPDATE list_page SET found = NULL WHERE file_id = ?`, f.ID); err != nil {
		return fmt.Errorf("end list file: %w", err)
	}
	return audit.Record(tx, by, audit.ListFileRead, f.subject(), audit.Detail{"places": len(codes)})
}

func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// RefuseListFile notes that nothing can be read from a file, and forgets it.
func RefuseListFile(tx *store.Tx, by audit.Actor, f ListFile, why string) error {
	if _, err := tx.Exec(`UPDATE list_file SET state = 'refused', refusal = ?, body = NULL, read_at = ?, version = version + 1 WHERE id = ?`,
		why, tx.Now, f.ID); err != nil {
		return fmt.Errorf("refuse list file: %w", err)
	}
	return audit.Record(tx, by, audit.ListFileRefused, f.subject(), audit.Detail{"why": why})
}

// StatePages notes how many codes each page says it has, by page number; -1 for
// a page that says nothing. Problems: ListFileNotFound, ListFileBusy.
func StatePages(tx *store.Tx, by audit.Actor, ref store.Ref, stated map[int]int) error {
	f, err := readable(tx, ref)
	if err != nil {
		return err
	}
	for page, n := range stated {
		var codes any = n
		if n < 0 {
			codes = nil
		}
		if _, err := tx.Exec(`UPDATE list_page SET stated = ? WHERE file_id = ? AND number = ?`, codes, f.ID, page); err != nil {
			return fmt.Errorf("state codes of a page: %w", err)
		}
	}
	return audit.Record(tx, by, audit.ListPagesStated, f.subject(), audit.Detail{"pages": len(stated)})
}

// readable finds a file that has been read and not been put away.
func readable(tx *store.Tx, ref store.Ref) (ListFile, error) {
	f, err := ListFileByRef(tx, ref)
	if err == nil && f.State != ListRead {
		return f, ListFileBusy
	}
	return f, err
}

// SettleListCode notes what became of a place. Problem: ListCodeSettled, when a
// card came on record by it already.
func SettleListCode(tx *store.Tx, by audit.Actor, f ListFile, c ListCode, as Outcome, id ID) error {
	n, err := tx.Exec(`UPDATE list_code SET outcome = ?, card_id = ? WHERE id = ? AND outcome NOT IN ('registered', 'typed')`, as, store.Opt(id), c.ID)
	if err != nil {
		return fmt.Errorf("settle code of a list: %w", err)
	}
	if n == 0 {
		return ListCodeSettled
	}
	return audit.Record(tx, by, audit.ListPlaceSettled, f.subject(), audit.Detail{"page": c.Page, "number": c.Number, "outcome": as})
}

// PutAway forgets a file's pictures and payloads; how many codes it had and what
// became of them stays. Problems: ListFileNotFound, ListFileStale, ListFileBusy
// while it is being read.
func PutAway(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	f, err := ListFileByRef(tx, ref)
	switch {
	case err != nil:
		return err
	case f.Version != version:
		return ListFileStale
	case f.State == ListReading:
		return ListFileBusy
	}
	return putAway(tx, by, f)
}

func putAway(tx *store.Tx, by audit.Actor, f ListFile) error {
	for _, statement := range []string{
		`UPDATE list_page SET found = NULL, picture = NULL WHERE file_id = ?`,
		`UPDATE list_code SET raw = NULL, payload = NULL, second = NULL WHERE file_id = ?`,
		`UPDATE list_file SET state = 'done', body = NULL, name = '', version = version + 1 WHERE id = ?`,
	} {
		if _, err := tx.Exec(statement, f.ID); err != nil {
			return fmt.Errorf("put list file away: %w", err)
		}
	}
	return audit.Record(tx, by, audit.ListFilePutAway, f.subject(), audit.Detail{"was": f.State})
}

// ListFileLife is how long a list file that nobody puts away is kept.
const ListFileLife = 14 * 24 * time.Hour

// PutAwayOld puts away the files that nobody has put away in time.
func PutAwayOld(tx *store.Tx, by audit.Actor) (int, error) {
	old, err := store.All[ListFile](tx, selectListFile+`WHERE f.state <> 'done' AND f.uploaded_at < ? ORDER BY f.id`, tx.Now.Add(-ListFileLife))
	if err != nil {
		return 0, err
	}
	for _, f := range old {
		if err := putAway(tx, by, f); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// ListTally counts the places of a file by what became of them.
type ListTally struct{ Codes, Registered, Typed, Before, Refused, Open int }

// TallyOf counts a file's places; parts of codes are not counted.
func TallyOf(tx *store.Tx, fileID int64) (ListTally, error) {
	return store.One[ListTally](tx, `SELECT count(*) AS codes, coalesce(sum(outcome = 'registered'), 0) AS registered, coalesce(sum(outcome = 'typed'), 0) AS typed,
		coalesce(sum(outcome = 'before'), 0) AS before, coalesce(sum(outcome = 'refused'), 0) AS refused, coalesce(sum(outcome = ''), 0) AS open
		FROM list_code WHERE file_id = ? AND role <> 'part' AND outcome <> 'no_code'`, fileID)
}

// Label is the outcome's name on the screen.
func (o Outcome) Label() string {
	return map[Outcome]string{WasRegistered: "登録しました", WasTyped: "手入力しました", WasBefore: "登録済み",
		WasUnregistered: "登録できません", WasNoCode: "QRコードではない"}[o]
}
