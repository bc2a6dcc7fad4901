package intake

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/jp"
)

// decode makes text of a code's bytes. lost counts the characters that no
// decoder knows; they are kept as private-use characters, never dropped.
func decode(charset string, raw []byte) (text string, lost int) {
	switch {
	case charset == EUCJP:
		text = jp.DecodeEUC(raw)
	case charset == UTF8, charset == AnyCharset && utf8.Valid(raw):
		text = jp.DecodeUTF8(raw)
	default:
		text = jp.DecodeCP932(raw)
	}
	return text, jp.CountPrivate(text)
}

// units are what a fixed width counts: characters, or the bytes that the
// payload has in the profile's charset.
func (p Profile) units(payload string) []string {
	var all []string
	for _, r := range payload {
		s := string(r)
		if p.Unit != Bytes {
			all = append(all, s)
			continue
		}
		all = append(all, s)
		for range p.width(s) - 1 {
			all = append(all, "") // the rest of a character that takes several
		}
	}
	return all
}

// width is how many bytes a character takes in the charset.
func (p Profile) width(character string) int {
	switch p.Charset {
	case CP932:
		return max(len(jp.AppendCP932(nil, character, nil)), 1)
	case EUCJP:
		out, err := japanese.EUCJP.NewEncoder().String(character)
		if n := jp.CountRaw(character); n > 0 {
			return n
		}
		if err != nil {
			return 2 // a body's own character
		}
		return len(out)
	}
	return len(character)
}

// pieces are the parts of a payload that fields can stand in, in order. pairs
// are those of ByKey by their key.
func (p Profile) pieces(payload string) (parts []string, pairs map[string]string) {
	switch p.Split {
	case BySeparator:
		return strings.Split(payload, p.Separator), nil
	case ByKey:
		pairs = map[string]string{}
		for part := range strings.SplitSeq(payload, p.Separator) {
			parts = append(parts, part)
			if key, value, found := strings.Cut(part, p.Equals); found {
				pairs[strings.TrimSpace(key)] = value
			}
		}
		return parts, pairs
	case ByWidth:
		return p.units(payload), nil
	}
	e, err := p.expression()
	if err != nil {
		return nil, nil
	}
	if m := e.FindStringSubmatch(payload); m != nil {
		return m[1:], nil
	}
	return nil, nil
}

// cut returns the payload's fields by name, trimmed; ok is false when the
// payload is too short to hold them all.
func (p Profile) cut(payload string) (values map[FieldName]string, ok bool) {
	values, ok = map[FieldName]string{}, true
	parts, pairs := p.pieces(payload)
	for _, f := range p.Fields {
		var value string
		found := true
		switch p.Split {
		case ByWidth:
			if found = f.At-1+f.Length <= len(parts); found {
				value = strings.Join(parts[f.At-1:f.At-1+f.Length], "")
			}
		case ByKey:
			value, found = pairs[f.Key]
		default:
			if found = f.At <= len(parts); found {
				value = parts[f.At-1]
			}
		}
		ok = ok && found
		values[f.As] = f.trimmed(value)
	}
	return values, ok
}

func (f Field) trimmed(value string) string {
	value = strings.TrimSpace(value)
	value = strings.TrimSuffix(strings.TrimPrefix(value, f.Prefix), f.Suffix)
	return strings.TrimSpace(value)
}

// Part is one symbol of a code in several (連結).
type Part struct {
	Number, Of int
	Payload    string // without what the part begins with
}

// part reads what a symbol of several begins with; ok is false for a payload
// that is whole.
func (p Profile) part(payload string) (part Part, ok bool) {
	if p.Parts == "" {
		return part, false
	}
	rest := payload
	for template := p.Parts; template != ""; {
		if tail, number := strings.CutPrefix(template, "{n}"); number {
			template = tail
			if part.Number, rest, ok = leadingNumber(rest); !ok {
				return part, false
			}
			continue
		}
		if tail, total := strings.CutPrefix(template, "{m}"); total {
			template = tail
			if part.Of, rest, ok = leadingNumber(rest); !ok {
				return part, false
			}
			continue
		}
		_, size := utf8.DecodeRuneInString(template)
		if !strings.HasPrefix(rest, template[:size]) {
			return part, false
		}
		template, rest = template[size:], rest[size:]
	}
	part.Payload = rest
	return part, part.Of >= 2 && part.Of <= mostParts && part.Number >= 1 && part.Number <= part.Of
}

// mostParts is how many symbols one code can have (JIS X 0510).
const mostParts = 16

// leadingNumber reads a number of one or two digits.
func leadingNumber(s string) (n int, rest string, ok bool) {
	for len(s) > 0 && s[0] >= '0' && s[0] <= '9' && n < 10 {
		n = n*10 + int(s[0]-'0')
		s, ok = s[1:], true
	}
	return n, s, ok
}
