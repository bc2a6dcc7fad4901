package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// Problems of lists (名簿).
var (
	ListNotFound   = problem.Define(problem.NotFound, "list_not_found")
	ListStale      = problem.Define(problem.Conflict, "list_stale")
	ListForgotten  = problem.Define(problem.Conflict, "list_forgotten")
	ListNotLast    = problem.Define(problem.Conflict, "list_not_last")
	ListNotWritten = problem.Define(problem.Conflict, "list_not_written")
	ListNothing    = problem.Define(problem.Conflict, "list_nothing_to_apply")
	ListMapping    = problem.Define(problem.Invalid, "list_mapping_incomplete") // arg: fields
	ListMapTwice   = problem.Define(problem.Invalid, "list_mapping_twice")      // arg: field
	ListMyNumber   = problem.Define(problem.Invalid, "list_holds_my_number")    // arg: column
	ListKindWrong  = problem.Define(problem.Invalid, "list_kind_missing")
	RowNotFound    = problem.Define(problem.NotFound, "list_row_not_found")
	RowNoChoice    = problem.Define(problem.Invalid, "list_row_choice_missing")
	RowNotOpen     = problem.Define(problem.Conflict, "list_row_not_open")
	errListChanged = errors.New("the list was changed while it was matched")
)

// List is a kind of list that is taken in.
type List string

// The kinds of list.
const (
	AddressList List = "address" // 住所の一覧
	RenewalList List = "renewal" // 更新対象者の一覧
	CardList    List = "card"    // 交付対象者 (instead of QR codes on a torn sheet)
)

// Lists are the kinds in the order of the screen.
func Lists() []List { return []List{AddressList, RenewalList, CardList} }

// Label is the kind's name on the screen.
func (l List) Label() string { return listSpecs[l].label }

// Skip is a column of a list that is not read.
const Skip FieldName = ""

// Reason is the column that a file of defects has; it is never read.
const reasonColumn = "取り込めなかった理由"

// listSpec is what the kinds of list differ in.
type listSpec struct {
	label  string
	fields []FieldName
	// needs are groups of which each must have one column mapped; a group is
	// alternatives, an alternative several fields together.
	needs [][][]FieldName
}

var listSpecs = map[List]listSpec{
	AddressList: {
		label:  "住所の一覧",
		fields: []FieldName{NoticeNumber, ApplicationID, Name, KanaName, Birth, PostalCode, Address, Building},
		needs:  [][][]FieldName{{{NoticeNumber}, {ApplicationID}, {KanaName, Birth}}, {{Address}}},
	},
	RenewalList: {
		label:  "更新対象者の一覧",
		fields: []FieldName{Name, KanaName, Birth, NoticeNumber, ApplicationID, Address, ExpiresOn},
		needs:  [][][]FieldName{{{NoticeNumber}, {ApplicationID}, {KanaName, Birth}, {Name, Birth}}},
	},
	CardList: {
		label:  "交付対象者（QRコードが読めない分）",
		fields: []FieldName{NoticeNumber, ApplicationID, KindOfIssue, Name, KanaName, Birth, PostalCode, Address, Building, MadeOn, ExpiresOn},
		needs:  [][][]FieldName{{{NoticeNumber}}, {{Name}, {KanaName}}, {{Birth}}},
	},
}

// FieldsOf are the fields that a kind of list can have.
func FieldsOf(l List) []FieldName { return listSpecs[l].fields }

// ListState is how far a file has come.
type ListState string

// The states. A file is applied once, and taken back at most once.
const (
	ListIsUploaded  ListState = "uploaded"
	ListIsMatching  ListState = "matching"
	ListIsMatched   ListState = "matched"
	ListHasFailed   ListState = "failed"
	ListIsApplied   ListState = "applied"
	ListIsTakenBack ListState = "taken_back"
	ListIsDropped   ListState = "dropped"
)

// Label is the state's name on the screen.
func (s ListState) Label() string {
	return map[ListState]string{
		ListIsUploaded: "列の指定待ち", ListIsMatching: "突合中", ListIsMatched: "確認待ち", ListHasFailed: "取り込めません",
		ListIsApplied: "反映済み", ListIsTakenBack: "元に戻しました", ListIsDropped: "取りやめ",
	}[s]
}

// File is a list on its way in (取込ファイル).
type File struct {
	ID          int64
	Ref         store.Ref
	List        List
	SHA256      string
	Found       string
	Header      bool
	Mapping     string
	State       ListState
	Failure     string
	Total       int
	Done        int
	Counts      string
	UploadedAt  time.Time
	UploadedBy  string // name
	AppliedAt   time.Time
	TakenBackAt time.Time
	ForgottenAt time.Time
	Version     int
	BatchID     int64  // the delivery that its cards are put into; 0: none
	Name        string // what the file was called; "" once it is forgotten
}

const selectFile = `SELECT roll_file.id, roll_file.ref, roll_file.list, roll_file.sha256, roll_file.found, roll_file.header, roll_file.mapping,
	roll_file.state, roll_file.failure, roll_file.total, roll_file.done, roll_file.counts, roll_file.uploaded_at, roll_file.applied_at,
	roll_file.taken_back_at, roll_file.forgotten_at, roll_file.version, coalesce(roll_file.batch_id, 0) AS batch_id, coalesce(staff.name, '') AS uploaded_by, coalesce(held_file.name, '') AS name
	FROM roll_file LEFT JOIN staff ON staff.id = roll_file.uploaded_by LEFT JOIN held_file ON held_file.id = roll_file.id `

func (f File) subject() audit.Subject { return audit.Subject{Kind: "roll_file", Ref: f.Ref} }

// Subject names the file in the audit log.
func (f File) Subject() audit.Subject { return f.subject() }

// FoundOut is what the reader found out about the file.
func (f File) FoundOut() (out sheet.Found, err error) {
	return out, json.Unmarshal([]byte(f.Found), &out)
}

// Columns is the mapping: the field of each column, in order.
func (f File) Columns() (columns []FieldName, err error) {
	return columns, json.Unmarshal([]byte(f.Mapping), &columns)
}

// CountOf are the rows by outcome.
func (f File) CountOf() (counts map[Outcome]int, err error) {
	return counts, json.Unmarshal([]byte(f.Counts), &counts)
}

// FailureOf is why a file could not be matched; nil when it could.
func (f File) FailureOf() *problem.Problem {
	var p struct {
		Code string
		Args map[string]string
	}
	if err := json.Unmarshal([]byte(f.Failure), &p); err != nil || p.Code == "" {
		return nil
	}
	return &problem.Problem{Kind: problem.Invalid, Code: p.Code, Args: p.Args, Fields: map[string]string{"file": p.Code}}
}

// Files lists the newest files.
func Files(tx *store.Tx, limit int) ([]File, error) {
	return store.All[File](tx, selectFile+`ORDER BY roll_file.id DESC LIMIT ?`, limit)
}

// GetFile finds a file. Problem: ListNotFound.
func GetFile(tx *store.Tx, ref store.Ref) (File, error) {
	f, err := store.One[File](tx, selectFile+`WHERE roll_file.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return f, ListNotFound
	}
	return f, err
}

// AppliedBefore finds when the same file was applied before, if it was and
// has not been taken back.
func AppliedBefore(tx *store.Tx, f File) (at time.Time, ok bool, err error) {
	all, err := store.All[time.Time](tx, `SELECT applied_at FROM roll_file WHERE list = ? AND sha256 = ? AND id < ? AND state = 'applied'
		ORDER BY id DESC LIMIT 1`, f.List, f.SHA256, f.ID)
	if err != nil || len(all) == 0 {
		return at, false, err
	}
	return all[0], true, nil
}

// Inspected is a file that was read to its end and found good.
type Inspected struct {
	list  List
	name  string
	body  []byte
	found sheet.Found
	first []string
	rows  int
}

// Inspect reads a file to its end. Problems: those of sheet, ListMyNumber,
// ListKindWrong.
func Inspect(l List, name string, body []byte) (Inspected, error) {
	if listSpecs[l].label == "" {
		return Inspected{}, ListKindWrong.On("list")
	}
	table, err := sheet.Open(body)
	if err != nil {
		return Inspected{}, err
	}
	in := Inspected{list: l, name: name, body: body, found: table.Found()}
	twelve := make([]twelveDigits, in.found.Columns)
	for row, err := range table.Rows() {
		if err != nil {
			return in, err
		}
		if in.rows == 0 {
			in.first = row.Cells
		}
		in.rows++
		for i := range min(len(row.Cells), len(twelve)) {
			twelve[i].count(row.Cells[i])
		}
	}
	for i, t := range twelve {
		if t.passing*2 > t.all {
			return in, ListMyNumber.On("file").With("column", fmt.Sprint(i+1))
		}
	}
	return in, nil
}

// twelveDigits recognises a column of 個人番号, which must not be kept: most of
// what has twelve digits there passes the number's check. Other numbers of
// twelve digits pass one time in eleven.
type twelveDigits struct{ all, passing int }

func (t *twelveDigits) count(cell string) {
	if len(cell) < 12 {
		return
	}
	digits := plainDigits(cell)
	if len(digits) != 12 {
		return
	}
	t.all++
	if myNumberChecks([]byte(digits)) {
		t.passing++
	}
}

// Upload keeps a file that was inspected.
func Upload(tx *store.Tx, by audit.Actor, in Inspected) (store.Ref, error) {
	found := in.found
	mapping, header, err := remembered(tx, in.list, found, in.first)
	if err != nil {
		return "", err
	}
	id, err := card.HoldFile(tx, in.name, in.body)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(in.body)
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO roll_file (id, ref, list, sha256, found, header, mapping, state, total, uploaded_at, uploaded_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, 'uploaded', ?, ?, ?)`, id, ref, in.list, hex.EncodeToString(sum[:]), asJSON(found), header, asJSON(mapping),
		rowsOf(in.rows, header), tx.Now, store.Opt(by.StaffID))
	if err != nil {
		return "", fmt.Errorf("keep list: %w", err)
	}
	return ref, audit.Record(tx, by, audit.RollUploaded, audit.Subject{Kind: "roll_file", Ref: ref},
		audit.Detail{"list": in.list, "rows": rowsOf(in.rows, header)})
}

func rowsOf(n int, header bool) int {
	if header && n > 0 {
		return n - 1
	}
	return n
}

// asJSON writes what this package has made itself.
func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs, maps and strings
	}
	return string(text)
}

// Preview is the beginning of a file.
type Preview struct {
	Header []string
	Rows   [][]string
}

// LookInto gives the first rows of a file that is held. Problem: ListForgotten.
func LookInto(tx *store.Tx, f File, rows int) (p Preview, err error) {
	body, err := card.HeldFile(tx, f.ID)
	if errors.Is(err, store.ErrNotFound) {
		return p, ListForgotten
	}
	if err != nil {
		return p, err
	}
	table, err := sheet.Open(body)
	if err != nil {
		return p, err
	}
	first := true
	for row, err := range table.Rows() {
		if err != nil {
			return p, err
		}
		if first && f.Header {
			p.Header = row.Cells
		} else {
			p.Rows = append(p.Rows, row.Cells)
		}
		first = false
		if len(p.Rows) == rows {
			break
		}
	}
	return p, nil
}

// Drop gives a file up before it is applied, and forgets its contents.
// Problems: ListNotFound, ListStale.
func Drop(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	switch f.State {
	case ListIsApplied, ListIsTakenBack, ListIsDropped:
		return ListStale
	}
	if err := card.ForgetHeldFile(tx, f.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM roll_row WHERE file_id = ?`, f.ID); err != nil {
		return fmt.Errorf("drop list: %w", err)
	}
	if _, err := tx.Exec(`UPDATE roll_file SET state = 'dropped', forgotten_at = ?, version = version + 1 WHERE id = ?`, tx.Now, f.ID); err != nil {
		return fmt.Errorf("drop list: %w", err)
	}
	return audit.Record(tx, by, audit.RollDropped, f.subject(), nil)
}

// KeptDays is how long the contents of a list are kept.
const KeptDays = 30

// ForgetLists forgets the contents of lists that are older than KeptDays; the
// counts and references stay. The timetable calls it.
func ForgetLists(tx *store.Tx) (int, error) {
	ids, err := card.ForgetHeld(tx, tx.Now.AddDate(0, 0, -KeptDays))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	by := audit.Command("timetable")
	for _, id := range ids {
		if _, err := tx.Exec(`UPDATE roll_file SET forgotten_at = ?, version = version + 1,
			state = CASE WHEN state IN ('applied', 'taken_back') THEN state ELSE 'dropped' END WHERE id = ?`, tx.Now, id); err != nil {
			return 0, fmt.Errorf("forget list: %w", err)
		}
		ref, err := store.One[store.Ref](tx, `SELECT ref FROM roll_file WHERE id = ?`, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := audit.Record(tx, by, audit.RollForgotten, audit.Subject{Kind: "roll_file", Ref: ref}, nil); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func fieldNames(fields []FieldName) string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Label())
	}
	return strings.Join(all, "と")
}
