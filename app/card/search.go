package card

import (
	"strings"

	"madoguchi/app/jp"
	"madoguchi/store"
)

// leastDigits is how many last digits of a notice number are enough to search by.
const leastDigits = 4

// Search finds cards by whatever was typed in the one box: a notice number or
// its last digits, an application ID, a date of birth in any written form, a
// name or a kana name or a part of either. At most limit rows, by kana.
func Search(tx *store.Tx, query string, limit int) ([]Record, error) {
	query = strings.TrimSpace(query)
	if query == "" {
		return nil, nil
	}
	where, args := searchBy(query)
	return store.All[Record](tx, selectRecord+`WHERE `+where+` ORDER BY recipient.kana_key, card.id LIMIT ?`, append(args, limit)...)
}

func searchBy(query string) (where string, args []any) {
	if n, err := ParseNoticeNumber(query); err == nil && !allDigits(string(n)) {
		return `card.notice_number = ?`, []any{string(n)}
	}
	var or []string
	add := func(condition string, values ...any) {
		or = append(or, condition)
		args = append(args, values...)
	}
	number := strings.ReplaceAll(jp.Narrow(query), "-", "")
	if allDigits(number) {
		switch {
		case len(number) == 23:
			add(`card.application_id = ?`, number)
		case len(number) == 9:
			add(`card.notice_number = ?`, number)
		case len(number) >= leastDigits && len(number) < 9:
			add(`card.notice_number LIKE ?`, "%"+number)
		}
	}
	if b, err := jp.ParseBirthDate(query); err == nil {
		add(`recipient.birth = ?`, b)
	}
	if len(or) > 0 {
		return strings.Join(or, ` OR `), args
	}
	if key := jp.NameKey(query); key != "" {
		add(`recipient.name_key LIKE ? ESCAPE '\'`, "%"+escapeLike(key)+"%")
	}
	if key := jp.KanaKey(query); key != "" {
		add(`recipient.kana_key LIKE ? ESCAPE '\'`, "%"+escapeLike(key)+"%")
	}
	if len(or) == 0 {
		return `0`, nil
	}
	return strings.Join(or, ` OR `), args
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
