package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/store"
)

// Split says how a payload is cut into fields.
type Split string

// The ways of cutting.
const (
	BySeparator Split = "separator" // fields in order, counted from 1
	ByWidth     Split = "width"     // fields at fixed places, counted in characters from 1
	ByKey       Split = "key"       // pairs of key and value, in any order
)

// FieldName is a thing that a payload can say about a card or its person.
type FieldName string

// The fields, with the words for messages in fieldLabels.
const (
	NoticeNumber  FieldName = "notice_number"
	ApplicationID FieldName = "application_id"
	KindOfIssue   FieldName = "issue_kind"
	Name          FieldName = "name"
	KanaName      FieldName = "kana_name"
	Birth         FieldName = "birth"
	PostalCode    FieldName = "postal_code"
	Address       FieldName = "address"
	Municipality  FieldName = "municipality_code"
	MadeOn        FieldName = "made_on"
	ExpiresOn     FieldName = "expires_on"
)

var fieldLabels = map[FieldName]string{
	NoticeNumber: "交付通知書番号", ApplicationID: "申請書ID", KindOfIssue: "交付区分", Name: "氏名", KanaName: "カナ氏名",
	Birth: "生年月日", PostalCode: "郵便番号", Address: "住所", Municipality: "市区町村コード", MadeOn: "作成日", ExpiresOn: "有効期限",
}

// Field says where in the payload one thing stands.
type Field struct {
	As     FieldName `json:"as"`
	At     int       `json:"at,omitempty"`     // BySeparator: which field; ByWidth: first character
	Length int       `json:"length,omitempty"` // ByWidth: number of characters
	Key    string    `json:"key,omitempty"`    // ByKey
}

// Profile is how a list payload is taken apart (読取り形式). The real layout of
// the codes on J-LIS's recipient list is not public, so it is data.
type Profile struct {
	Split     Split  `json:"split"`
	Separator string `json:"separator,omitempty"` // between fields or pairs
	Equals    string `json:"equals,omitempty"`    // ByKey: between key and value
	// Charset is what the code's bytes are written in, for readers that hand
	// bytes on; a keyboard-type scanner hands on characters.
	Charset    string                    `json:"charset"`
	Fields     []Field                   `json:"fields"`
	IssueKinds map[string]card.IssueKind `json:"issue_kinds,omitempty"`
}

// guess is the layout assumed until the town has seen a real list: a guess,
// not J-LIS's own.
var guess = Profile{
	Split: BySeparator, Separator: ",", Charset: "utf-8",
	Fields: []Field{
		{As: NoticeNumber, At: 1}, {As: ApplicationID, At: 2}, {As: KindOfIssue, At: 3}, {As: Name, At: 4},
		{As: KanaName, At: 5}, {As: Birth, At: 6}, {As: PostalCode, At: 7}, {As: Address, At: 8},
		{As: Municipality, At: 9}, {As: MadeOn, At: 10}, {As: ExpiresOn, At: 11},
	},
	IssueKinds: map[string]card.IssueKind{
		"01": card.NewIssue, "02": card.Renewal, "03": card.Reissue, "04": card.Express,
		"05": card.PageFull, "06": card.StayChanged, "07": card.FromAbroad, "08": card.Infant,
	},
}

// ErrProfile means that a profile cannot take any payload apart.
var ErrProfile = errors.New("unusable payload profile")

func (p Profile) check() error {
	hasNumber := false
	for _, f := range p.Fields {
		if fieldLabels[f.As] == "" {
			return fmt.Errorf("%w: unknown field %q", ErrProfile, f.As)
		}
		hasNumber = hasNumber || f.As == NoticeNumber
		switch {
		case p.Split == BySeparator && f.At < 1,
			p.Split == ByWidth && (f.At < 1 || f.Length < 1),
			p.Split == ByKey && f.Key == "":
			return fmt.Errorf("%w: field %q has no place", ErrProfile, f.As)
		}
	}
	switch {
	case p.Split != BySeparator && p.Split != ByWidth && p.Split != ByKey:
		return fmt.Errorf("%w: unknown split %q", ErrProfile, p.Split)
	case p.Split != ByWidth && p.Separator == "", p.Split == ByKey && p.Equals == "":
		return fmt.Errorf("%w: no separator", ErrProfile)
	case !hasNumber:
		return fmt.Errorf("%w: no notice number", ErrProfile)
	}
	return nil
}

// cut returns the payload's fields by name, trimmed; ok is false when the
// payload is too short to hold them all.
func (p Profile) cut(payload string) (values map[FieldName]string, ok bool) {
	values, ok = map[FieldName]string{}, true
	var parts []string
	pairs := map[string]string{}
	switch p.Split {
	case BySeparator:
		parts = strings.Split(payload, p.Separator)
	case ByKey:
		for part := range strings.SplitSeq(payload, p.Separator) {
			if key, value, found := strings.Cut(part, p.Equals); found {
				pairs[strings.TrimSpace(key)] = value
			}
		}
	}
	characters := []rune(payload)
	for _, f := range p.Fields {
		var value string
		found := true
		switch p.Split {
		case BySeparator:
			if found = f.At <= len(parts); found {
				value = parts[f.At-1]
			}
		case ByWidth:
			if found = f.At-1+f.Length <= len(characters); found {
				value = string(characters[f.At-1 : f.At-1+f.Length])
			}
		case ByKey:
			value, found = pairs[f.Key]
		}
		ok = ok && found
		values[f.As] = strings.TrimSpace(value)
	}
	return values, ok
}

type profileRow struct {
	ID         int64
	Definition string
}

// active returns the profile in use.
func active(tx *store.Tx) (int64, Profile, error) {
	row, err := store.One[profileRow](tx, `SELECT id, definition FROM payload_profile WHERE active = 1`)
	if err != nil {
		return 0, Profile{}, fmt.Errorf("find payload profile: %w", err)
	}
	var p Profile
	if err := json.Unmarshal([]byte(row.Definition), &p); err != nil {
		return 0, p, fmt.Errorf("payload profile %d: %w", row.ID, err)
	}
	return row.ID, p, p.check()
}

// EnsureProfile puts the guessed profile into a store that has none.
func EnsureProfile(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT count(*) FROM payload_profile`)
	if err != nil || n > 0 {
		return err
	}
	return AddProfile(tx, by, "標準（推定）", guess)
}

// AddProfile adds a profile and makes it the one in use; the others are kept.
func AddProfile(tx *store.Tx, by audit.Actor, name string, p Profile) error {
	if err := p.check(); err != nil {
		return err
	}
	if name == "" || utf8.RuneCountInString(name) > 60 {
		return fmt.Errorf("%w: its name is missing or too long", ErrProfile)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("add payload profile: %w", err)
	}
	if _, err := tx.Exec(`UPDATE payload_profile SET active = 0 WHERE active = 1`); err != nil {
		return fmt.Errorf("add payload profile: %w", err)
	}
	if _, err := tx.Insert(`INSERT INTO payload_profile (name, definition, active, made_at) VALUES (?, ?, 1, ?)`, name, string(text), tx.Now); err != nil {
		return fmt.Errorf("add payload profile: %w", err)
	}
	return audit.Record(tx, by, audit.ProfileAdded, audit.Subject{Kind: "payload_profile", Ref: store.Ref(name)}, nil)
}
