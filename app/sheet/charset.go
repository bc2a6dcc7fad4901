package sheet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/jp"
)

// findCharset decides what the bytes are, and keeps them without a byte order
// mark, UTF-16 as UTF-8.
func (t *Table) findCharset(raw []byte) error {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		t.found.Charset, t.plain = CharsetUTF8BOM, raw[3:]
	case bytes.HasPrefix(raw, []byte("\xff\xfe")):
		return t.fromUTF16(raw[2:], CharsetUTF16LE, binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return t.fromUTF16(raw[2:], CharsetUTF16BE, binary.BigEndian)
	case bytes.IndexByte(raw, 0) >= 0:
		even, odd := zeros(raw)
		switch {
		case len(raw)%2 == 0 && odd > len(raw)/8 && even <= odd/16:
			return t.fromUTF16(raw, CharsetUTF16LE, binary.LittleEndian)
		case len(raw)%2 == 0 && even > len(raw)/8 && odd <= even/16:
			return t.fromUTF16(raw, CharsetUTF16BE, binary.BigEndian)
		}
		return NotTable.On("file")
	default:
		t.plain = raw
		if err := t.guessCharset(raw); err != nil {
			return err
		}
	}
	return t.checkText()
}

func zeros(raw []byte) (even, odd int) {
	for i, c := range raw {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	return even, odd
}

func (t *Table) fromUTF16(raw []byte, c Charset, order binary.ByteOrder) error {
	t.found.Charset = c
	if len(raw)%2 != 0 {
		return Truncated.On("file").With("row", fmt.Sprint(bytes.Count(raw, []byte("\n"))+1))
	}
	t.plain = make([]byte, 0, len(raw)*3/2)
	for i := 0; i < len(raw); i += 2 {
		r := rune(order.Uint16(raw[i:]))
		if utf16.IsSurrogate(r) && i+3 < len(raw) {
			r = utf16.DecodeRune(r, rune(order.Uint16(raw[i+2:])))
			i += 2
		}
		t.plain = utf8.AppendRune(t.plain, r)
	}
	return t.checkText()
}

// guessCharset tells UTF-8, CP932 and what is neither apart, by what each
// would make of the bytes.
func (t *Table) guessCharset(raw []byte) error {
	if utf8.Valid(raw) {
		t.found.Charset = CharsetUTF8
		return nil
	}
	high, wrongUTF8 := 0, 0
	for b := raw; len(b) > 0; {
		r, size := utf8.DecodeRune(b)
		if b[0] >= 0x80 {
			high += size
			if r == utf8.RuneError && size == 1 {
				wrongUTF8++
			}
		}
		b = b[size:]
	}
	text := jp.DecodeCP932(raw)
	wrongCP932, own, halfKana, letters := 0, 0, 0, 0
	for _, r := range text {
		switch {
		case r >= 0x100000:
			wrongCP932++
		case r >= 0xe000 && r <= 0xf8ff:
			own++
		case r >= 0xff61 && r <= 0xff9f:
			halfKana++
		}
		if r >= 0x80 {
			letters++
		}
	}
	switch {
	case looksLikeEUC(raw) && (wrongCP932 > 0 || halfKana*2 > letters):
		return EUC.On("file")
	case high > 6 && cutCharacter(raw):
		return Truncated.On("file").With("row", fmt.Sprint(bytes.Count(raw, []byte("\n"))+1))
	case wrongUTF8 < wrongCP932 && wrongUTF8*50 < high:
		t.found.Charset = CharsetUTF8
	case (wrongCP932*10 < letters || wrongCP932 <= 3) && own*5 < letters:
		t.found.Charset = CharsetCP932
	default:
		return BadCharset.On("file")
	}
	return nil
}

// cutCharacter reports UTF-8 that ends within a character.
func cutCharacter(raw []byte) bool {
	for n := 1; n <= 3 && n <= len(raw); n++ {
		if tail := raw[len(raw)-n:]; utf8.RuneStart(tail[0]) {
			return tail[0] >= 0xc0 && !utf8.FullRune(tail) && utf8.Valid(raw[:len(raw)-n])
		}
	}
	return false
}

func looksLikeEUC(raw []byte) bool {
	text, err := japanese.EUCJP.NewDecoder().Bytes(raw)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return false
	}
	japaneseLetters, high := 0, 0
	for _, r := range string(text) {
		if r >= 0x80 {
			high++
			if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
				japaneseLetters++
			}
		}
	}
	return high > 0 && japaneseLetters*2 > high
}

// readTwice reports Japanese text in UTF-8 that was once read as CP932 and
// saved again: taken back to CP932, it is UTF-8 for the most part.
func readTwice(text string) bool {
	back := jp.AppendCP932(nil, text, nil)
	right, wrong := 0, 0
	for len(back) > 0 {
		r, size := utf8.DecodeRune(back)
		switch {
		case r == utf8.RuneError && size == 1:
			wrong++
		case size > 1:
			right++
		}
		back = back[size:]
	}
	return right > 8 && right > wrong
}

// checkText refuses text that was garbled before it came, and what is no text.
func (t *Table) checkText() error {
	var all, latin, lost, control int
	text := t.sample(1 << 20)
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != 0x1a {
			control++
		}
		if r < 0x80 {
			continue
		}
		all++
		switch {
		case r >= 0x80 && r <= 0xff && r != 0xa5 && r != 0xb7:
			latin++
		case r == utf8.RuneError:
			lost++
		}
	}
	switch {
	case control > 16:
		return NotTable.On("file")
	case all > 8 && (latin*2 > all || lost*10 > all) || readTwice(text):
		return Garbled.On("file")
	}
	return nil
}

// sample is the text of about the first n bytes.
func (t *Table) sample(n int) string {
	head := t.plain[:min(n, len(t.plain))]
	if i := bytes.LastIndexByte(head, '\n'); i > 0 {
		head = head[:i]
	}
	return t.decode(head)
}

// sniffRows is how many rows decide about delimiter and header.
const sniffRows = 50

// findDelimiter takes the mark that cuts most rows into the same number of
// cells, at least two.
func (t *Table) findDelimiter() {
	best := -1
	for _, d := range []byte{',', '\t', ';'} {
		counts := map[int]int{}
		p := parser{rest: t.plain, delimiter: d}
		rows, first := 0, 0
		for len(p.rest) > 0 && rows < sniffRows {
			cells, _ := p.row()
			if len(cells) == 1 && len(bytes.TrimSpace(cells[0])) == 0 {
				continue
			}
			if rows == 0 {
				first = len(cells)
			}
			counts[len(cells)]++
			rows++
		}
		columns, most := 1, 0
		for n, times := range counts {
			if times > most || times == most && n == first {
				columns, most = n, times
			}
		}
		// The first row, where it is a header, says what the width is meant to be.
		if first > 1 && counts[first]*3 >= most {
			columns = first
		}
		score := 0
		if columns > 1 {
			score = 1000*counts[columns]/rows + min(columns, MostColumns)
		}
		if score > best {
			best = score
			t.found.Delimiter, t.found.Columns = rune(d), columns
		}
	}
}

// headerWords stand in the names of columns and hardly ever in data.
var headerWords = []string{
	"氏名", "名前", "カナ", "かな", "ｶﾅ", "ﾌﾘｶﾞﾅ", "フリガナ", "ふりがな", "住所", "番地", "方書", "郵便", "番号", "生年月日", "誕生",
	"申請書", "区分", "電話", "性別", "有効期限", "備考", "id", "name", "address", "birth", "code", "〒",
}

// findHeader looks at the first row: names of columns have words of their own,
// and no digits alone.
func (t *Table) findHeader() {
	for row, err := range t.Rows() {
		if err != nil {
			return
		}
		t.found.Header = isHeader(row.Cells)
		return
	}
}

func isHeader(cells []string) bool {
	words := 0
	for _, cell := range cells {
		cell = strings.ToLower(strings.TrimSpace(cell))
		if digits := jp.Digits(cell); len(digits) >= 4 && len(digits)*2 > len(cell) {
			return false
		}
		for _, w := range headerWords {
			if strings.Contains(cell, w) && utf8.RuneCountInString(cell) <= 20 {
				words++
				break
			}
		}
	}
	return words > 0 && words*3 >= len(cells)
}
