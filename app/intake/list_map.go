package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// fieldWords are what columns are called, the more particular first.
var fieldWords = []struct {
	field FieldName
	words []string
}{
	{NoticeNumber, []string{"交付通知書番号", "照会番号", "通知書番号", "交付番号", "管理番号", "NOTICE"}},
	{ApplicationID, []string{"申請書ID", "申請書番号", "申請書", "APPLICATION"}},
	{KanaName, []string{"カナ", "フリガナ", "ふりがな", "読み", "KANA"}},
	{Birth, []string{"生年月日", "誕生", "BIRTH"}},
	{PostalCode, []string{"郵便番号", "〒", "POSTAL", "ZIP"}},
	{Building, []string{"方書", "建物", "マンション", "アパート"}},
	{ExpiresOn, []string{"有効期限", "有効期間", "満了", "EXPIR"}},
	{MadeOn, []string{"作成日", "発行日", "製造日"}},
	{KindOfIssue, []string{"交付区分", "発行区分", "区分"}},
	{Address, []string{"住所", "所在地", "ADDRESS"}},
	{Name, []string{"氏名", "名前", "NAME"}},
}

// guessMapping maps columns by their names; each field once.
func guessMapping(l List, columns int, header []string) []FieldName {
	mapping := make([]FieldName, columns)
	used := map[FieldName]bool{}
	known := map[FieldName]bool{}
	for _, f := range FieldsOf(l) {
		known[f] = true
	}
	for i := range mapping {
		if i >= len(header) || header[i] == reasonColumn {
			continue
		}
		name := strings.ToUpper(strings.ReplaceAll(jp.Narrow(header[i]), " ", ""))
	words:
		for _, w := range fieldWords {
			if used[w.field] || !known[w.field] {
				continue
			}
			for _, word := range w.words {
				if strings.Contains(name, strings.ToUpper(jp.Narrow(word))) {
					mapping[i], used[w.field] = w.field, true
					break words
				}
			}
		}
	}
	return mapping
}

// signature recognises files of one form: by the names of their columns, or by
// how many there are. The column of reasons does not count.
func signature(found sheet.Found, first []string) string {
	if !found.Header {
		return fmt.Sprintf("columns:%d", found.Columns)
	}
	sum := sha256.New()
	for _, name := range first {
		if name != reasonColumn {
			fmt.Fprintf(sum, "%s\n", jp.Narrow(name))
		}
	}
	return "names:" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// remembered is how a file of this form was mapped last, or a guess. A first
// row that was a header once is one again.
func remembered(tx *store.Tx, l List, found sheet.Found, first []string) (mapping []FieldName, header bool, err error) {
	named := found
	named.Header = true
	for _, try := range []sheet.Found{named, found} {
		text, err := store.One[string](tx, `SELECT mapping FROM roll_template WHERE list = ? AND signature = ?`, l, signature(try, first))
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		var kept []FieldName
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return nil, false, fmt.Errorf("read list template: %w", err)
		}
		return spread(kept, try, first), try.Header, nil
	}
	if !found.Header {
		first = nil
	}
	return guessMapping(l, found.Columns, first), found.Header, nil
}

// spread lays a remembered mapping over the columns, leaving out that of reasons.
func spread(kept []FieldName, found sheet.Found, first []string) []FieldName {
	mapping := make([]FieldName, found.Columns)
	next := 0
	for i := range mapping {
		if found.Header && i < len(first) && first[i] == reasonColumn {
			continue
		}
		if next < len(kept) {
			mapping[i] = kept[next]
			next++
		}
	}
	return mapping
}

// Map says which column is what, remembers it for the next file of this form,
// and has the file matched. Problems: ListNotFound, ListStale, ListForgotten;
// ListMapping and ListMapTwice on "mapping".
func Map(tx *store.Tx, by audit.Actor, ref store.Ref, version int, header bool, mapping []FieldName) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	found, err := f.FoundOut()
	switch {
	case err != nil:
		return err
	case f.Version != version || f.State != ListIsUploaded && f.State != ListIsMatched && f.State != ListHasFailed:
		return ListStale
	case len(mapping) != found.Columns:
		return ListStale
	}
	if err := checkMapping(f.List, mapping); err != nil {
		return err
	}
	preview, err := LookInto(tx, File{ID: f.ID, Header: true}, 0)
	if err != nil {
		return err
	}
	total := f.Total
	if header != f.Header {
		if total++; header {
			total -= 2
		}
	}
	if err := remember(tx, f.List, header, found, preview.Header, mapping); err != nil {
		return err
	}
	if err := clearRows(tx, f.ID); err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE roll_file SET mapping = ?, header = ?, state = 'matching', total = ?, done = 0, counts = '{}', failure = '{}',
		version = version + 1 WHERE id = ?`, asJSON(mapping), header, total, f.ID)
	if err != nil {
		return fmt.Errorf("map list: %w", err)
	}
	return audit.Record(tx, by, audit.RollMatched, f.subject(), audit.Detail{"mapping": mapping})
}

func checkMapping(l List, mapping []FieldName) error {
	has := map[FieldName]bool{}
	for _, f := range mapping {
		if f == Skip {
			continue
		}
		if has[f] {
			return ListMapTwice.On("mapping").With("field", f.Label())
		}
		has[f] = true
	}
	for _, group := range listSpecs[l].needs {
		var wants []string
		met := false
		for _, together := range group {
			all := true
			for _, f := range together {
				all = all && has[f]
			}
			met = met || all
			wants = append(wants, "「"+fieldNames(together)+"」")
		}
		if !met {
			return ListMapping.On("mapping").With("fields", strings.Join(wants, "か"))
		}
	}
	return nil
}

func remember(tx *store.Tx, l List, header bool, found sheet.Found, first []string, mapping []FieldName) error {
	found.Header = header
	var kept []FieldName
	for i, f := range mapping {
		if !header || i >= len(first) || first[i] != reasonColumn {
			kept = append(kept, f)
		}
	}
	_, err := tx.Exec(`INSERT INTO roll_template (list, signature, mapping, used_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (list, signature) DO UPDATE SET mapping = excluded.mapping, used_at = excluded.used_at`,
		l, signature(found, first), asJSON(kept), tx.Now)
	if err != nil {
		return fmt.Errorf("remember mapping: %w", err)
	}
	return nil
}

func clearRows(tx *store.Tx, id int64) error {
	if err := card.DropHeldRows(tx, id); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM roll_row WHERE file_id = ?`, id); err != nil {
		return fmt.Errorf("clear rows: %w", err)
	}
	return nil
}

// plainDigits is a number without what people part it by; "" for anything else.
func plainDigits(s string) string {
	s = strings.NewReplacer("-", "", " ", "").Replace(jp.Narrow(s))
	if strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// PutIntoBatch says into which delivery the cards of a list are put; "" for
// none. Problems: ListNotFound, ListStale, BatchNotFound, card.BatchClosed.
func PutIntoBatch(tx *store.Tx, by audit.Actor, ref, batch store.Ref) error {
	f, err := GetFile(tx, ref)
	if err != nil {
		return err
	}
	if f.List != CardList || f.State == ListIsApplied || f.State == ListIsTakenBack || f.State == ListIsDropped {
		return ListStale
	}
	var id int64
	if batch != "" {
		b, err := BatchByRef(tx, batch)
		if err != nil {
			return err
		}
		if b.Closed() {
			return card.BatchClosed
		}
		id = b.ID
	}
	if id == f.BatchID {
		return nil
	}
	if _, err := tx.Exec(`UPDATE roll_file SET batch_id = ? WHERE id = ?`, store.Opt(id), f.ID); err != nil {
		return fmt.Errorf("put list into batch: %w", err)
	}
	return audit.Record(tx, by, audit.RollBatch, f.subject(), audit.Detail{"batch": batch})
}
