package intake

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"madoguchi/app/card"
	"madoguchi/app/problem"
)

// Split says how a payload is cut into fields.
type Split string

// The ways of cutting.
const (
	BySeparator Split = "separator" // fields in order, counted from 1
	ByWidth     Split = "width"     // fields at fixed places, counted from 1
	ByKey       Split = "key"       // pairs of key and value, in any order
	ByPattern   Split = "pattern"   // groups of a regular expression
)

// Unit is what ByWidth counts.
type Unit string

// The units. Bytes are those of the profile's charset, two for a kanji in CP932.
const (
	Characters Unit = "characters"
	Bytes      Unit = "bytes"
)

// The charsets in which a code's bytes may be written.
const (
	AnyCharset = "auto" // UTF-8 if it is valid UTF-8, else CP932
	UTF8       = "utf-8"
	CP932      = "cp932"
	EUCJP      = "euc-jp"
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
	Building      FieldName = "building" // of lists only
)

var fieldLabels = map[FieldName]string{
	NoticeNumber: "交付通知書番号", ApplicationID: "申請書ID", KindOfIssue: "交付区分", Name: "氏名", KanaName: "カナ氏名",
	Birth: "生年月日", PostalCode: "郵便番号", Address: "住所", Municipality: "市区町村コード", MadeOn: "作成日", ExpiresOn: "有効期限", Building: "方書（建物など）",
}

// Label is the field's name on the screen.
func (f FieldName) Label() string {
	if f == Skip {
		return "使わない"
	}
	return fieldLabels[f]
}

// FieldNames lists the fields in the order of forms.
func FieldNames() []FieldName {
	return []FieldName{NoticeNumber, ApplicationID, KindOfIssue, Name, KanaName, Birth, PostalCode, Address, Municipality, MadeOn, ExpiresOn}
}

// Field says where in the payload one thing stands.
type Field struct {
	As     FieldName `json:"as"`
	At     int       `json:"at,omitempty"`     // BySeparator: which field; ByWidth: first unit; ByPattern: which group
	Length int       `json:"length,omitempty"` // ByWidth: number of units
	Key    string    `json:"key,omitempty"`    // ByKey
	// Prefix and Suffix are taken off the value where it has them.
	Prefix string `json:"prefix,omitempty"`
	Suffix string `json:"suffix,omitempty"`
}

// Profile is how a list payload is taken apart (読取り形式). The real layout of
// the codes on J-LIS's recipient list is not public, so it is data.
type Profile struct {
	Split     Split  `json:"split"`
	Separator string `json:"separator,omitempty"` // between fields or pairs
	Equals    string `json:"equals,omitempty"`    // ByKey: between key and value
	Unit      Unit   `json:"unit,omitempty"`      // ByWidth; "" means Characters
	Pattern   string `json:"pattern,omitempty"`   // ByPattern
	// Charset is what the code's bytes are written in, for readers that hand
	// bytes on; a keyboard-type scanner hands on characters.
	Charset string `json:"charset"`
	// Parts is what a code in several symbols begins with, such as "{n}/{m}:",
	// when the scanner hands the symbols on one by one: {n} counts them from 1,
	// {m} is how many there are. "" means that there are none.
	Parts      string                    `json:"parts,omitempty"`
	Fields     []Field                   `json:"fields"`
	IssueKinds map[string]card.IssueKind `json:"issue_kinds,omitempty"`
}

// guess is the layout assumed until the town has seen a real list: a guess,
// not J-LIS's own.
var guess = Profile{
	Split: BySeparator, Separator: ",", Charset: AnyCharset,
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

// ErrProfile means that a profile cannot take any payload apart. The problems
// say why, on the fields of the profile's form.
var ErrProfile = errors.New("unusable payload profile")

// Problems of profiles.
var (
	SplitUnknown     = problem.Define(problem.Invalid, "profile_split")
	SeparatorMissing = problem.Define(problem.Invalid, "profile_separator_missing")
	PatternBroken    = problem.Define(problem.Invalid, "profile_pattern_broken")
	PatternGroups    = problem.Define(problem.Invalid, "profile_pattern_groups") // arg: most
	CharsetUnknown   = problem.Define(problem.Invalid, "profile_charset")
	PartsForm        = problem.Define(problem.Invalid, "profile_parts_form")
	FieldUnknown     = problem.Define(problem.Invalid, "profile_field_unknown")
	PlaceMissing     = problem.Define(problem.Invalid, "profile_place_missing") // arg: field
	NumberNotPlaced  = problem.Define(problem.Invalid, "profile_number_not_placed")
	ProfileName      = problem.Define(problem.Invalid, "profile_name")
)

const (
	patternLength  = 500
	profilePlaces  = 10000 // the furthest place of a field
	nameLength     = 60
	separatorMost  = 10
	partsLength    = 40
	kindCodeLength = 20
)

// unusable wraps a problem so that errors.Is finds ErrProfile too.
func unusable(p *problem.Problem) error { return fmt.Errorf("%w: %w", ErrProfile, p) }

// check says what makes the profile unusable; nil means nothing does.
func (p Profile) check() error {
	for _, c := range []func() *problem.Problem{p.checkSplit, p.checkText, p.checkFields} {
		if wrong := c(); wrong != nil {
			return unusable(wrong)
		}
	}
	return nil
}

func (p Profile) checkSplit() *problem.Problem {
	switch p.Split {
	case BySeparator, ByKey:
		if p.Separator == "" || utf8.RuneCountInString(p.Separator) > separatorMost {
			return SeparatorMissing.On("separator")
		}
		if p.Split == ByKey && (p.Equals == "" || utf8.RuneCountInString(p.Equals) > separatorMost) {
			return SeparatorMissing.On("equals")
		}
	case ByWidth:
	case ByPattern:
		if _, err := p.expression(); err != nil {
			return PatternBroken.On("pattern")
		}
	default:
		return SplitUnknown.On("split")
	}
	return nil
}

func (p Profile) checkText() *problem.Problem {
	switch p.Charset {
	case AnyCharset, UTF8, CP932, EUCJP:
	default:
		return CharsetUnknown.On("charset")
	}
	if p.Unit != "" && p.Unit != Characters && p.Unit != Bytes {
		return SplitUnknown.On("unit")
	}
	if p.Unit == Bytes && p.Charset == AnyCharset {
		return CharsetUnknown.On("charset")
	}
	if p.Parts != "" && (strings.Count(p.Parts, "{n}") != 1 || strings.Count(p.Parts, "{m}") != 1 || utf8.RuneCountInString(p.Parts) > partsLength) {
		return PartsForm.On("parts")
	}
	return nil
}

func (p Profile) checkFields() *problem.Problem {
	hasNumber := false
	groups := 0
	if p.Split == ByPattern {
		if e, err := p.expression(); err == nil {
			groups = e.NumSubexp()
		}
	}
	for _, f := range p.Fields {
		if fieldLabels[f.As] == "" {
			return FieldUnknown
		}
		on := "at_" + string(f.As)
		hasNumber = hasNumber || f.As == NoticeNumber
		switch {
		case p.Split == ByKey && f.Key == "":
			return PlaceMissing.On("key_"+string(f.As)).With("field", f.As.Label())
		case p.Split == ByKey:
		case f.At < 1, f.At > profilePlaces:
			return PlaceMissing.On(on).With("field", f.As.Label())
		case p.Split == ByWidth && (f.Length < 1 || f.Length > profilePlaces):
			return PlaceMissing.On("length_"+string(f.As)).With("field", f.As.Label())
		case p.Split == ByPattern && f.At > groups:
			return PatternGroups.On(on).With("most", fmt.Sprint(groups))
		}
	}
	if !hasNumber {
		return NumberNotPlaced.On("at_" + string(NoticeNumber))
	}
	return nil
}

// expression is the pattern, which has to fit a payload as a whole.
func (p Profile) expression() (*regexp.Regexp, error) {
	if p.Pattern == "" || utf8.RuneCountInString(p.Pattern) > patternLength {
		return nil, ErrProfile
	}
	return regexp.Compile(`^(?s:` + p.Pattern + `)$`)
}
