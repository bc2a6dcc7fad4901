package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// profileEditPage edits how codes are read (読取り形式) and shows a sample taken
// apart by it.
type profileEditPage struct {
	setupFormPage
	Fields []profileField
	Kinds  []profileKind
	Sample *sampleView // nil before the first try
	// Definition is what was tried, for the form that keeps it; "" while it
	// cannot be used.
	Definition, Name string
}

// profileField is one row of the table of fields.
type profileField struct {
	Label                           string
	Error                           string
	At, Length, Key, Prefix, Suffix cell
}

// cell is a text field in a table.
type cell struct{ ID, Name, Label, Value string }

type profileKind struct {
	Label string
	Codes cell
}

// sampleView is a sample taken apart.
type sampleView struct {
	Pieces []samplePiece
	Values []sampleValue
	Says   string
	OK     bool
	Part   string
}

type samplePiece struct {
	At   int
	Text string
	As   string
}

type sampleValue struct {
	Field, Raw, Means string
	OK                bool
}

var profileTop = []string{"name", "split", "separator_kind", "separator", "equals", "unit", "pattern", "charset", "parts", "sample"}

// profileNames are all the fields of the form.
func profileNames(kinds []card.Kind) []string {
	names := slices.Clone(profileTop)
	for _, f := range intake.FieldNames() {
		for _, part := range []string{"at_", "length_", "key_", "prefix_", "suffix_"} {
			names = append(names, part+string(f))
		}
	}
	for _, k := range kinds {
		names = append(names, "kind_"+string(k.Code))
	}
	return names
}

func allKinds(d *Desk, c *gin.Context) (kinds []card.Kind, err error) {
	err = d.store.Read(c, func(tx *store.Tx) error {
		kinds, err = card.AllKinds(tx)
		return err
	})
	return kinds, err
}

// askProfile opens the editor with a profile that is kept, the one in use
// without a choice, and the newest code on record as the sample if asked for.
func (d *Desk) askProfile(c *gin.Context) error {
	kinds, err := allKinds(d, c)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, profileNames(kinds)...)
	err = d.store.Read(c, func(tx *store.Tx) error {
		saved, err := intake.InUse(tx)
		if from := store.Ref(c.Query("from")); from != "" && err == nil {
			saved, err = intake.ProfileByRef(tx, from)
		}
		if err != nil {
			return err
		}
		p, err := saved.Profile()
		if err != nil {
			return err
		}
		fillProfile(form, saved.Name, p, kinds)
		if c.Query("sample") != "" {
			sample, err := intake.NewestPayload(tx)
			if err != nil {
				return err
			}
			form.Set("sample", sample)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.showProfile(c, http.StatusOK, form, kinds, nil)
}

var separators = []option{{Value: ",", Label: "カンマ（,）"}, {Value: "tab", Label: "タブ"}, {Value: ";", Label: "セミコロン（;）"}, {Value: "|", Label: "縦線（|）"}, {Value: "other", Label: "その他"}}

func fillProfile(form *web.Form, name string, p intake.Profile, kinds []card.Kind) {
	form.Set("name", name)
	form.Set("split", string(p.Split))
	switch {
	case p.Separator == "\t":
		form.Set("separator_kind", "tab")
	case slices.ContainsFunc(separators, func(o option) bool { return o.Value == p.Separator }):
		form.Set("separator_kind", p.Separator)
	default:
		form.Set("separator_kind", "other")
		form.Set("separator", p.Separator)
	}
	form.Set("equals", p.Equals)
	form.Set("unit", string(p.Unit))
	form.Set("pattern", p.Pattern)
	form.Set("charset", p.Charset)
	form.Set("parts", p.Parts)
	for _, f := range p.Fields {
		for part, n := range map[string]int{"at_": f.At, "length_": f.Length} {
			if n > 0 {
				form.Set(part+string(f.As), strconv.Itoa(n))
			}
		}
		form.Set("key_"+string(f.As), f.Key)
		form.Set("prefix_"+string(f.As), f.Prefix)
		form.Set("suffix_"+string(f.As), f.Suffix)
	}
	for _, k := range kinds {
		var codes []string
		for code, of := range p.IssueKinds {
			if of == k.Code {
				codes = append(codes, code)
			}
		}
		slices.Sort(codes)
		form.Set("kind_"+string(k.Code), strings.Join(codes, "、"))
	}
}

// readProfile makes a profile of the form; numbers that are none are said there.
func readProfile(form *web.Form, kinds []card.Kind) intake.Profile {
	p := intake.Profile{Split: intake.Split(form.Value("split")), Charset: form.Value("charset"), Unit: intake.Unit(form.Value("unit")),
		Pattern: form.Value("pattern"), Parts: form.Value("parts")}
	switch kind := form.Value("separator_kind"); kind {
	case "tab":
		p.Separator = "\t"
	case "other":
		p.Separator = form.Value("separator")
	default:
		p.Separator = kind
	}
	p.Equals = form.Value("equals")
	for _, as := range intake.FieldNames() {
		f := intake.Field{As: as, Key: form.Value("key_" + string(as)), Prefix: form.Value("prefix_" + string(as)), Suffix: form.Value("suffix_" + string(as)),
			At: number(form, "at_"+string(as)), Length: number(form, "length_"+string(as))}
		if f.At != 0 || p.Split == intake.ByKey && f.Key != "" {
			p.Fields = append(p.Fields, f)
		}
	}
	for _, k := range kinds {
		for code := range strings.FieldsFuncSeq(jp.Narrow(form.Value("kind_"+string(k.Code))), func(r rune) bool { return r == ',' || r == '、' || r == ' ' }) {
			if p.IssueKinds == nil {
				p.IssueKinds = map[string]card.IssueKind{}
			}
			if _, twice := p.IssueKinds[code]; twice {
				form.Fail("kind_"+string(k.Code), "kind_code_twice", "code", code)
			}
			p.IssueKinds[code] = k.Code
		}
	}
	return p
}

// number reads a number that may be left empty.
func number(form *web.Form, name string) int {
	if form.Value(name) == "" {
		return 0
	}
	n, err := strconv.Atoi(jp.Narrow(form.Value(name)))
	if err != nil || n < 1 {
		form.Fail(name, "number_form")
	}
	return n
}

// tryProfile takes the sample apart with what the form says. It is a POST
// because a sample must not stand in an address.
func (d *Desk) tryProfile(c *gin.Context) error {
	kinds, err := allKinds(d, c)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, profileNames(kinds)...)
	p := readProfile(form, kinds)
	if !form.OK() {
		return d.showProfile(c, http.StatusUnprocessableEntity, form, kinds, nil)
	}
	sample, err := intake.Show(p, form.Raw("sample"))
	if why, ok := problem.As(err); ok {
		form.Apply(why)
		return d.showProfile(c, http.StatusUnprocessableEntity, form, kinds, nil)
	}
	if err != nil {
		return err
	}
	return d.showProfile(c, http.StatusOK, form, kinds, &tried{p, sample})
}

// tried is a profile that can be used, and what it makes of the sample.
type tried struct {
	profile intake.Profile
	sample  intake.Sample
}

func (d *Desk) showProfile(c *gin.Context, status int, form *web.Form, kinds []card.Kind, t *tried) error {
	p := profileEditPage{setupFormPage: setupFormPage{Heading: "読取り形式を直す", Action: "/profiles/try", Submit: "見本を読んでみる",
		Back: link{Path: "/profiles", Label: "読取り形式の一覧に戻る"}}}
	p.ask(c, form,
		question{name: "name", label: "名前", class: "kanji half", required: true},
		question{name: "sample", label: "見本", hint: "ここにカーソルを置いてQRコードを1つ読み取るか、読み取った文字を貼り付けてください。見本は保存しません。", kind: "area", class: "code"},
		question{name: "split", label: "分けかた", kind: "select", options: []option{{Value: "separator", Label: "区切り文字で分かれている"}, {Value: "width", Label: "けた数が決まっている"},
			{Value: "key", Label: "「項目名=値」が並んでいる"}, {Value: "pattern", Label: "正規表現で取り出す"}}},
		question{name: "separator_kind", label: "区切り文字", kind: "select", options: separators},
		question{name: "separator", label: "区切り文字（その他のとき）", class: "code short"},
		question{name: "equals", label: "項目名と値の間の文字（項目名=値のとき）", class: "code short"},
		question{name: "unit", label: "けたの数えかた", kind: "select", options: []option{{Value: "characters", Label: "文字数"}, {Value: "bytes", Label: "バイト数（漢字は2バイトなど）"}}},
		question{name: "pattern", label: "正規表現", hint: "全体に合う式。位置の欄に、何番目の ( ) かを入れます。", class: "code"},
		question{name: "charset", label: "文字コード", kind: "select", options: []option{{Value: "auto", Label: "自動（UTF-8でなければシフトJIS）"}, {Value: "cp932", Label: "シフトJIS（CP932）"}, {Value: "utf-8", Label: "UTF-8"}, {Value: "euc-jp", Label: "EUC-JP"}}},
		question{name: "parts", label: "1人分が何個かに分かれるとき、その先頭", hint: "例：{n}/{m}: …… {n}は何番目か、{m}は全部で何個か。分かれないときは空のままにします。", class: "code half"},
	)
	for _, as := range intake.FieldNames() {
		p.Fields = append(p.Fields, profileFieldOf(form, as))
	}
	for _, k := range kinds {
		f := form.Field("kind_" + string(k.Code))
		p.Kinds = append(p.Kinds, profileKind{k.Name, cell{f.ID(), f.Name, k.Name + "のコード", f.Value}})
	}
	p.failed(form)
	if t != nil {
		p.Sample = d.sampleViewOf(c, t.sample, kinds)
		text, err := json.Marshal(t.profile)
		if err != nil {
			return fmt.Errorf("carry profile: %w", err)
		}
		p.Definition, p.Name = string(text), form.Value("name")
	}
	return d.show(c, status, "profile_edit", p.Heading, &p)
}

func profileFieldOf(form *web.Form, as intake.FieldName) profileField {
	row := profileField{Label: as.Label()}
	for _, c := range []struct {
		part, label string
		into        *cell
	}{{"at_", "の位置", &row.At}, {"length_", "の長さ", &row.Length}, {"key_", "の項目名", &row.Key}, {"prefix_", "の前から取り除く文字", &row.Prefix}, {"suffix_", "の後ろから取り除く文字", &row.Suffix}} {
		f := form.Field(c.part + string(as))
		*c.into = cell{f.ID(), f.Name, as.Label() + c.label, f.Value}
		if row.Error == "" {
			row.Error = f.Error
		}
	}
	return row
}

func (d *Desk) sampleViewOf(c *gin.Context, s intake.Sample, kinds []card.Kind) *sampleView {
	v := &sampleView{Says: "見本を最後まで読めました。", OK: s.Problem == nil}
	if s.Problem != nil {
		v.Says = d.sentence(c, s.Problem)
	}
	if s.Part != nil {
		v.Part = fmt.Sprintf("%d個に分かれたQRコードの%d番目です。残りとつないでから読みます。", s.Part.Of, s.Part.Number)
		v.Says, v.OK = "1つだけでは、最後まで読めません。", true
	}
	for _, piece := range s.Pieces {
		var as []string
		for _, f := range piece.As {
			as = append(as, f.Label())
		}
		v.Pieces = append(v.Pieces, samplePiece{piece.At, piece.Text, strings.Join(as, "・")})
	}
	for _, value := range s.Values {
		for _, k := range kinds {
			if value.Field == intake.KindOfIssue && value.Means == string(k.Code) {
				value.Means = k.Name
			}
		}
		v.Values = append(v.Values, sampleValue{value.Field.Label(), value.Raw, value.Means, value.OK})
	}
	return v
}

// saveProfile keeps what was tried as a new version, not yet in use.
func (d *Desk) saveProfile(c *gin.Context) error {
	kinds, err := allKinds(d, c)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, append(profileNames(kinds), "definition")...)
	var p intake.Profile
	if err := json.Unmarshal([]byte(form.Raw("definition")), &p); err != nil {
		return web.FormUnreadable
	}
	err = d.write(c, "profile_saved", func(tx *store.Tx) (string, error) {
		s, err := intake.SaveProfile(tx, actor(c), form.Value("name"), p)
		return "/profiles/" + string(s.Ref), err
	})
	if why, ok := problem.As(err); ok && errors.Is(err, intake.ErrProfile) {
		name := form.Value("name")
		fillProfile(form, name, p, kinds)
		form.Apply(why)
		return d.showProfile(c, http.StatusUnprocessableEntity, form, kinds, nil)
	}
	return err
}
