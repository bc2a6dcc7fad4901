package web

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
)

// Field is one question of a form as its template shows it. Label and Hint
// come from the words "field.<name>.label" and "field.<name>.hint" where the
// catalogue has them.
type Field struct {
	Name     string
	Label    string
	Hint     string
	Value    string // as typed
	Error    string // sentence; "" when there is nothing to say
	Required bool

	values []string
	words  *Words
}

// ID is the control's id, to which the error summary links.
func (f Field) ID() string { return "f-" + f.Name }

// ErrorID is the id of the element with the error.
func (f Field) ErrorID() string { return "e-" + f.Name }

// HintID is the id of the element with the hint.
func (f Field) HintID() string { return "h-" + f.Name }

// DescribedBy is the value of aria-describedby: error first, then hint.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ErrorID())
	}
	if f.Hint != "" {
		ids = append(ids, f.HintID())
	}
	return strings.Join(ids, " ")
}

// Has tells whether value is among the chosen ones, for boxes and lists.
func (f Field) Has(value string) bool { return slices.Contains(f.values, value) }

// T is a sentence in the language of the form, for parts that get a field only.
func (f Field) T(key string, pairs ...any) string { return f.words.T(key, pairs...) }

// FieldError is one line of the error summary.
type FieldError struct {
	Field string // "" when the whole form is meant
	Code  string
	Text  string
}

// Href is where the summary's line leads; "" when the whole form is meant.
func (e FieldError) Href() string {
	if e.Field == "" {
		return ""
	}
	return "#f-" + e.Field
}

// Form is what a person typed, field by field, with what is wrong about it.
type Form struct {
	fields []*Field
	whole  []FieldError
	codes  map[string]string // field -> code of its error
	words  *Words
}

// ReadForm reads the named fields: of the body of a POST, of the query
// otherwise. Invalid UTF-8 and NUL become U+FFFD.
func ReadForm(c *gin.Context, names ...string) *Form {
	q := requestOf(c)
	values := c.Request.PostForm
	if c.Request.Method != http.MethodPost {
		values = c.Request.URL.Query()
	}
	f := &Form{codes: map[string]string{}, words: q.words}
	for _, name := range names {
		field := &Field{Name: name, words: q.words}
		if key := "field." + name + ".label"; q.words.Has(key) {
			field.Label = q.words.T(key)
		}
		if key := "field." + name + ".hint"; q.words.Has(key) {
			field.Hint = q.words.T(key)
		}
		for _, v := range values[name] {
			field.values = append(field.values, readable(v))
		}
		if len(field.values) > 0 {
			field.Value = field.values[0]
		}
		f.fields = append(f.fields, field)
	}
	return f
}

// readable makes valid text of whatever was sent.
func readable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// clean takes away what nobody types on purpose: control characters, and
// space at both ends, the full-width one and the invisible ones too.
func clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF'
	})
}

// Field returns a field that ReadForm was given; any other name is a mistake
// in the program.
func (f *Form) Field(name string) *Field {
	for _, field := range f.fields {
		if field.Name == name {
			return field
		}
	}
	panic(fmt.Sprintf("form has no field %q", name))
}

// Value is what was typed, trimmed and without control characters.
func (f *Form) Value(name string) string { return clean(f.Field(name).Value) }

// Raw is what was sent, valid UTF-8 without NUL, otherwise untouched.
func (f *Form) Raw(name string) string { return f.Field(name).Value }

// Values are all the values of a field that can have several, cleaned.
func (f *Form) Values(name string) []string {
	var all []string
	for _, v := range f.Field(name).values {
		all = append(all, clean(v))
	}
	return all
}

// Set fills a field, with several values where it can have them, for forms that show what is kept.
func (f *Form) Set(name string, values ...string) {
	field := f.Field(name)
	field.Value, field.values = "", values
	if len(values) > 0 {
		field.Value = values[0]
	}
}

// Fail says what is wrong with a field: the sentence "problem.<code>", or
// "form.<code>" for what only forms say. pairs fill placeholders as in Words.T.
// The first failure of a field stays. name "" means the whole form.
func (f *Form) Fail(name, code string, pairs ...any) {
	sentence := f.words.formSentence(code, pairs)
	if name == "" {
		f.whole = append(f.whole, FieldError{Code: code, Text: sentence})
		return
	}
	field := f.Field(name)
	if field.Error == "" {
		field.Error = sentence
		f.codes[name] = code
	}
}

// Apply says what an operation refused: at the fields it names, otherwise for
// the whole form.
func (f *Form) Apply(p *problem.Problem) {
	var pairs []any
	for k, v := range p.Args {
		pairs = append(pairs, k, v)
	}
	placed := false
	for _, field := range f.fields {
		if code, ok := p.Fields[field.Name]; ok {
			f.Fail(field.Name, code, pairs...)
			placed = true
		}
	}
	if !placed {
		f.Fail("", p.Code, pairs...)
	}
}

// OK tells that nothing is wrong.
func (f *Form) OK() bool { return len(f.whole) == 0 && len(f.codes) == 0 }

// Errors lists what is wrong: the whole form first, then fields in the order
// of ReadForm.
func (f *Form) Errors() []FieldError {
	all := slices.Clone(f.whole)
	for _, field := range f.fields {
		if field.Error != "" {
			all = append(all, FieldError{Field: field.Name, Code: f.codes[field.Name], Text: field.Error})
		}
	}
	return all
}

// File is what was uploaded in a form's file field.
type File struct {
	Name string // as the browser tells; for showing only, never for opening
	Body []byte
}

// ReadFiles returns the files of a field, in the order sent. Their size is
// bounded by the route's limit.
func ReadFiles(c *gin.Context, name string) ([]File, error) {
	if c.Request.MultipartForm == nil {
		return nil, nil
	}
	var all []File
	for _, h := range c.Request.MultipartForm.File[name] {
		if h.Size == 0 && h.Filename == "" {
			continue
		}
		body, err := readPart(h)
		if err != nil {
			return nil, fmt.Errorf("read upload: %w", err)
		}
		all = append(all, File{Name: clean(readable(h.Filename)), Body: body})
	}
	return all, nil
}

func readPart(h *multipart.FileHeader) (_ []byte, err error) {
	part, err := h.Open()
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(part)
	if closed := part.Close(); err == nil {
		err = closed
	}
	return body, err
}
