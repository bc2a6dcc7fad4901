package card

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of visitors.
var (
	VisitorNameMissing = problem.Define(problem.Invalid, "visitor_name_missing")
	TelephoneMissing   = problem.Define(problem.Invalid, "telephone_missing")
)

// Visitor is someone who comes without a card on record (来庁者): known by a name
// and a telephone number, and by nothing else.
type Visitor struct {
	Name      string
	KanaName  string
	Telephone string
}

const (
	nameLength   = 60
	visitorLimit = 50 // the most hits of a search
)

// AddVisitor puts a visitor on record and returns the person's row. Each visit
// has a row of its own, also for a name and number that are there already: a
// mail address that is confirmed for it must not be another's.
// Problems: VisitorNameMissing, TooLong, TelephoneMissing and BadTelephone on
// their fields.
func AddVisitor(tx *store.Tx, by audit.Actor, v Visitor) (recipientID int64, err error) {
	v.Name, v.KanaName = strings.TrimSpace(v.Name), strings.TrimSpace(v.KanaName)
	telephone, err := checkVisitor(v)
	if err != nil {
		return 0, err
	}
	ref := store.NewRef()
	recipientID, err = tx.Insert(`INSERT INTO recipient (ref, name, name_key, kana_name, kana_key, telephone, visitor_key)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, ref, v.Name, jp.NameKey(v.Name), v.KanaName, jp.KanaKey(v.KanaName), telephone, jp.Digits(telephone))
	if err != nil {
		return 0, fmt.Errorf("add visitor: %w", err)
	}
	return recipientID, audit.Record(tx, by, audit.VisitorAdded, audit.Subject{Kind: "recipient", Ref: ref}, nil)
}

// CheckVisitor says what AddVisitor would refuse, and adds nobody.
func CheckVisitor(v Visitor) error {
	v.Name, v.KanaName = strings.TrimSpace(v.Name), strings.TrimSpace(v.KanaName)
	_, err := checkVisitor(v)
	return err
}

// SameTelephone reports whether a visitor's row has a telephone number, however
// it is written.
func SameTelephone(tx *store.Tx, recipientID int64, telephone string) (bool, error) {
	key := jp.Digits(jp.Narrow(telephone))
	if key == "" {
		return false, nil
	}
	n, err := store.One[int](tx, `SELECT count(*) FROM recipient WHERE id = ? AND visitor_key = ?`, recipientID, key)
	return n > 0, err
}

func checkVisitor(v Visitor) (telephone string, _ error) {
	_, telephone, _, bad := checkContact(Contact{Telephone: v.Telephone})
	switch {
	case v.Name == "":
		return "", VisitorNameMissing.On("name")
	case utf8.RuneCountInString(v.Name) > nameLength:
		return "", TooLong.On("name").With("most", fmt.Sprint(nameLength))
	case utf8.RuneCountInString(v.KanaName) > nameLength:
		return "", TooLong.On("kana_name").With("most", fmt.Sprint(nameLength))
	case bad != nil:
		return "", bad
	case telephone == "":
		return "", TelephoneMissing.On("telephone")
	}
	return telephone, nil
}

// FindVisitors finds the rows of visitors by a name, a kana name or a part of
// either, or by a telephone number.
func FindVisitors(tx *store.Tx, query string) (recipientIDs []int64, err error) {
	if digits := jp.Digits(jp.Narrow(query)); len(digits) >= 10 {
		return store.All[int64](tx, `SELECT id FROM recipient WHERE visitor_key = ? LIMIT ?`, digits, visitorLimit)
	}
	name, kana := jp.NameKey(query), jp.KanaKey(query)
	if name == "" || allDigits(jp.Narrow(query)) {
		return nil, nil
	}
	return store.All[int64](tx, `SELECT id FROM recipient WHERE visitor_key IS NOT NULL
		AND (name_key LIKE ? ESCAPE '\' OR ? <> '' AND kana_key LIKE ? ESCAPE '\') ORDER BY kana_key, id LIMIT ?`,
		"%"+escapeLike(name)+"%", kana, "%"+escapeLike(kana)+"%", visitorLimit)
}

// ForgetVisitor removes a visitor to whom nothing refers any more, with the
// mail address that waited to be confirmed.
func ForgetVisitor(tx *store.Tx, recipientID int64) error {
	const unused = `id = ? AND visitor_key IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM booking WHERE booking.recipient_id = recipient.id)
		AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.recipient_id = recipient.id)
		AND NOT EXISTS (SELECT 1 FROM left_behind WHERE left_behind.recipient_id = recipient.id)
		AND NOT EXISTS (SELECT 1 FROM mail WHERE mail.recipient_id = recipient.id)`
	_, err := tx.Exec(`DELETE FROM mail_proposal WHERE recipient_id IN (SELECT id FROM recipient WHERE `+unused+`)`, recipientID)
	if err != nil {
		return fmt.Errorf("forget visitor: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM recipient WHERE `+unused, recipientID); err != nil {
		return fmt.Errorf("forget visitor: %w", err)
	}
	return nil
}
