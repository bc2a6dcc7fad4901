package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// Outcome is what a row of a list would do.
type Outcome string

// The outcomes, in the order of the screen.
const (
	New       Outcome = "new"
	Differs   Outcome = "differs"
	Ambiguous Outcome = "ambiguous" // a person must say whose row it is
	Duplicate Outcome = "duplicate"
	Defect    Outcome = "defect"
	Same      Outcome = "same"
	Absent    Outcome = "absent" // nobody on record
)

// Outcomes lists them all.
func Outcomes() []Outcome {
	return []Outcome{New, Differs, Ambiguous, Duplicate, Defect, Same, Absent}
}

// Label is the outcome's name on the screen.
func (o Outcome) Label() string {
	return map[Outcome]string{
		New: "新しく登録", Differs: "変わる", Ambiguous: "要確認", Duplicate: "重複", Defect: "不備", Same: "変更なし", Absent: "該当者なし",
	}[o]
}

// Reasons why a row has its outcome, with their words in RowReason.
const (
	reasonSheet       = "sheet_" // and the fault of sheet
	reasonNumber      = "notice_number_form"
	reasonApplication = "application_id_form"
	reasonBirth       = "birth_form"
	reasonPostal      = "postal_code_form"
	reasonDay         = "day_form"
	reasonAddress     = "address_missing"
	reasonLong        = "too_long"
	reasonNoTie       = "no_tie"
	reasonName        = "name_missing"
	reasonKind        = "kind_unknown"
	reasonConfirm     = "confirm_kana_birth"
	reasonSeveral     = "several"
	reasonTwoCards    = "two_cards"
	reasonContradicts = "contradicts"
	reasonTwice       = "twice"
	reasonTwiceOther  = "twice_differently"
	reasonRegistered  = "registered_before"
	reasonIDTaken     = "application_id_taken"
	reasonIssued      = "issued"
)

var reasonLabels = map[string]string{
	reasonNumber:      "交付通知書番号の形が違います（英数字3けたと数字6けた）",
	reasonApplication: "申請書IDが23けたの数字ではありません",
	reasonBirth:       "生年月日として読めません",
	reasonPostal:      "郵便番号が7けたの数字ではありません",
	reasonDay:         "日付として読めません",
	reasonAddress:     "住所がありません",
	reasonLong:        "長すぎます（住所は200文字、方書は100文字、氏名は60文字まで）",
	reasonNoTie:       "交付通知書番号も申請書IDも、カナと生年月日もないため、だれの行か分かりません",
	reasonName:        "氏名がありません",
	reasonKind:        "交付区分の名前が、この町の一覧にありません",
	reasonConfirm:     "カナと生年月日だけが合いました。本人かどうか確かめてください",
	reasonSeveral:     "カナと生年月日が合う人が何人かいます。選んでください",
	reasonTwoCards:    "交付通知書番号と申請書IDが、別々の人を指しています",
	reasonContradicts: "番号は合いますが、生年月日が登録と違います",
	reasonTwice:       "同じ人の行が前にもあります",
	reasonTwiceOther:  "同じ人の行が、違う内容でもう1つあります",
	reasonRegistered:  "この交付通知書番号は登録済みです",
	reasonIDTaken:     "この申請書IDは、別の人に登録済みです",
	reasonIssued:      "すでに交付済みの人です",
}

// The marks of a row: what a person should know besides.
const (
	MarkMoved         = "moved"          // the address on record was another
	MarkOutside       = "outside"        // outside the town
	MarkPostalUnclear = "postal_unclear" // the postal code is for a person to choose
	MarkPostalDiffers = "postal_differs" // the dictionary would say another code
	MarkNameDiffers   = "name_differs"
	MarkPrivate       = "private" // characters of a body's own (外字)
)

// Marks lists them all, with their labels.
func Marks() []string {
	return []string{MarkPostalUnclear, MarkMoved, MarkOutside, MarkNameDiffers, MarkPostalDiffers, MarkPrivate}
}

// MarkLabel is a mark's name on the screen.
func MarkLabel(mark string) string {
	return map[string]string{
		MarkMoved: "住所が変わった", MarkOutside: "町外の住所", MarkPostalUnclear: "郵便番号を選ぶ", MarkPostalDiffers: "辞書と違う郵便番号",
		MarkNameDiffers: "氏名が違う", MarkPrivate: "外字あり",
	}[mark]
}

// Row is one row of a list with what it would do.
type Row struct {
	Number        int
	Outcome       Outcome
	Reason        string
	Cell          int // column, from 1; 0 is the whole row
	OtherRow      int // the row that it repeats
	SubjectID     int64
	Tied          string
	Candidates    string
	Fields        string
	Marks         string
	Private       int
	Decision      string
	Result        string
	VersionBefore int
	VersionAfter  int
}

const selectRow = `SELECT number, outcome, reason, cell, other_row, subject_id, tied, candidates, fields, marks, private, decision, result,
	version_before, version_after FROM roll_row `

// ReasonText says in words why a row has its outcome; "" when it needs no reason.
func (r Row) ReasonText() string {
	text := reasonLabels[r.Reason]
	if fault, ok := strings.CutPrefix(r.Reason, reasonSheet); ok {
		text = faultLabel(fault)
	}
	switch {
	case text == "":
		return ""
	case r.OtherRow > 0:
		text += fmt.Sprintf("（%d行目）", r.OtherRow)
	}
	if r.Cell > 0 {
		text = fmt.Sprintf("%d列目：%s", r.Cell, text)
	}
	return text
}

// TiedText says by what the row was tied to its person.
func (r Row) TiedText() string {
	return map[string]string{
		"notice_number": "交付通知書番号", "application_id": "申請書ID", "kana_birth": "カナと生年月日", "person": "職員が確認",
	}[r.Tied]
}

// HasMark reports whether a row has a mark.
func (r Row) HasMark(mark string) bool { return slices.Contains(strings.Fields(r.Marks), mark) }

// WillApply reports whether applying the file writes this row.
func (r Row) WillApply() bool {
	switch {
	case r.Result != "" || r.SubjectID == 0 && r.Outcome != New:
		return false
	case r.Decision != "":
		return r.Decision == "apply"
	}
	return r.Outcome == New || r.Outcome == Differs
}

// Filter says which rows of a file are wanted; "" does not filter.
type RowFilter struct {
	Outcome Outcome
	Mark    string
}

func (w RowFilter) where(file int64) (string, []any) {
	where, args := `WHERE file_id = ?`, []any{file}
	if w.Outcome != "" {
		where, args = where+` AND outcome = ?`, append(args, w.Outcome)
	}
	if w.Mark != "" {
		where, args = where+` AND ' ' || marks || ' ' LIKE ?`, append(args, "% "+w.Mark+" %")
	}
	return where, args
}

// Rows lists rows of a file, in order.
func Rows(tx *store.Tx, f File, w RowFilter, limit, offset int) ([]Row, error) {
	where, args := w.where(f.ID)
	return store.All[Row](tx, selectRow+where+` ORDER BY number LIMIT ? OFFSET ?`, append(args, limit, offset)...)
}

// CountRows counts rows of a file.
func CountRows(tx *store.Tx, f File, w RowFilter) (int, error) {
	where, args := w.where(f.ID)
	return store.One[int](tx, `SELECT count(*) FROM roll_row `+where, args...)
}

// GetRow finds a row. Problem: RowNotFound.
func GetRow(tx *store.Tx, f File, number int) (Row, error) {
	r, err := store.One[Row](tx, selectRow+`WHERE file_id = ? AND number = ?`, f.ID, number)
	if errors.Is(err, store.ErrNotFound) {
		return r, RowNotFound
	}
	return r, err
}

// CountToApply counts what applying a file would write.
func CountToApply(tx *store.Tx, f File) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM roll_row WHERE file_id = ? AND `+toApply, f.ID)
}

// toApply is WillApply in SQL.
const toApply = `result = '' AND (outcome = 'new' OR subject_id IS NOT NULL)
	AND (decision = 'apply' OR decision = '' AND outcome IN ('new', 'differs'))`

// Decision is what a person says about a row: whose it is, whether it is to be
// applied, which postal code.
type Decision struct {
	Apply      bool
	CardID     card.ID // of the candidates; 0 leaves the row's own
	PostalCode string  // "" leaves it
}

// Decide keeps what a person says about a row of a file that is not applied.
// Problems: ListNotFound, RowNotFound, RowNotOpen, RowNoChoice on "card".
func Decide(tx *store.Tx, by audit.Actor, ref store.Ref, number int, d Decision) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	r, err := GetRow(tx, f, number)
	switch {
	case err != nil:
		return err
	case f.State != ListIsMatched || r.Outcome == Defect || r.Outcome == Same || r.Outcome == Absent:
		return RowNotOpen
	}
	decision, subject, tied, version := "skip", r.SubjectID, r.Tied, r.VersionBefore
	if d.Apply {
		decision = "apply"
		if d.CardID != 0 {
			if !slices.Contains(strings.Fields(r.Candidates), fmt.Sprint(int64(d.CardID))) {
				return RowNoChoice.On("card")
			}
			chosen, err := card.GetByID(tx, d.CardID)
			if err != nil {
				return err
			}
			subject, tied, version = int64(d.CardID), "person", chosen.PersonVersion
		}
		if subject == 0 && r.Outcome != New {
			return RowNoChoice.On("card")
		}
	}
	if d.Apply && r.OtherRow > 0 {
		// Of two rows about one person, one can be applied.
		if _, err := tx.Exec(`UPDATE roll_row SET decision = 'skip' WHERE file_id = ? AND number = ? AND outcome <> 'same'`, f.ID, r.OtherRow); err != nil {
			return fmt.Errorf("skip other row: %w", err)
		}
	}
	marks := strings.Fields(r.Marks)
	if d.PostalCode != "" {
		if err := card.ChoosePostalCode(tx, f.ID, number, d.PostalCode); err != nil {
			return err
		}
		marks = slices.DeleteFunc(marks, func(m string) bool { return m == MarkPostalUnclear })
	}
	_, err = tx.Exec(`UPDATE roll_row SET decision = ?, subject_id = ?, tied = ?, version_before = ?, marks = ? WHERE file_id = ? AND number = ?`,
		decision, store.Opt(subject), tied, version, strings.Join(marks, " "), f.ID, number)
	if err != nil {
		return fmt.Errorf("decide row: %w", err)
	}
	return audit.Record(tx, by, audit.RollRowDecided, f.subject(), audit.Detail{"row": number, "decision": decision})
}

// NextOpen is the number of the next row after one that a person must still
// decide, or 0.
func NextOpen(tx *store.Tx, f File, after int) (int, error) {
	return store.One[int](tx, `SELECT coalesce(min(number), 0) FROM roll_row WHERE file_id = ? AND number > ? AND decision = ''
		AND outcome IN ('ambiguous', 'duplicate')`, f.ID, after)
}

// AddressOf is the address that a row gives; "" where the file has none.
func AddressOf(f File, h card.HeldRow) (address, building string, err error) {
	columns, err := f.Columns()
	if err != nil {
		return "", "", err
	}
	found, err := f.FoundOut()
	if err != nil {
		return "", "", err
	}
	e, _ := form{list: f.List, columns: columns, book: found.Charset == ""}.read(h.Cells)
	return e.address, e.building, nil
}

// HasField reports whether a kind of list can have a field.
func HasField(l List, field FieldName) bool { return slices.Contains(FieldsOf(l), field) }

// OnRecord reports that a row's card is on record already, or that its numbers
// are another card's.
func (r Row) OnRecord() bool {
	return r.SubjectID != 0 && (r.Reason == reasonRegistered || r.Reason == reasonIDTaken)
}

// WriteDefects writes the rows that are not applied unless a person says so,
// as they came, behind a column with the reason. Problem: ListForgotten.
func WriteDefects(tx *store.Tx, f File, w *sheet.Writer) error {
	preview, err := LookInto(tx, f, 1)
	if err != nil {
		return err
	}
	header := preview.Header
	if !f.Header {
		columns, err := f.Columns()
		if err != nil {
			return err
		}
		for _, column := range columns {
			header = append(header, column.Label())
		}
	}
	// A file that was mended once has a column of reasons already.
	old := slices.Index(header, reasonColumn)
	withReason := func(reason string, cells []string) []string {
		if old >= 0 && old < len(cells) {
			cells = slices.Delete(slices.Clone(cells), old, old+1)
		}
		return append([]string{reason}, cells...)
	}
	if err := w.Write(withReason(reasonColumn, header)...); err != nil {
		return err
	}
	return eachRow(tx, f, `outcome IN ('defect', 'duplicate', 'ambiguous') AND result <> 'applied'`, func(r Row, h card.HeldRow) error {
		return w.Write(withReason(r.ReasonText(), h.Cells)...)
	})
}
