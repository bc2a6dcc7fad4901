package intake

import (
	"fmt"
	"strings"
	"testing"

	"madoguchi/app/card"
	"madoguchi/app/qr"
)

// square is a place of a code on a page.
func square(x, y float64) qr.Quad {
	return qr.Quad{{X: x, Y: y}, {X: x + 100, Y: y}, {X: x + 100, Y: y + 100}, {X: x, Y: y + 100}}
}

func TestPlacesStandInTheOrderInWhichPeopleRead(t *testing.T) {
	code := func(text string, x, y float64) qr.Code {
		return qr.Code{Corners: square(x, y), Bytes: []byte(text), Text: text, Agree: qr.Agreed}
	}
	codes, err := placesOf(qr.File{Pages: []qr.Page{{Number: 1,
		Codes:  []qr.Code{code("d", 10, 420), code("b", 300, 20), code("a", 10, 38), code("c", 600, 5)},
		Unread: []qr.Quad{square(300, 400)},
	}}})
	var got []string
	for _, c := range codes {
		got = append(got, fmt.Sprintf("%d%s%s", c.Number, c.Role[:1], c.Payload))
	}
	if err != nil || strings.Join(got, " ") != "1ca 2cb 3cc 4cd 5u" {
		t.Errorf("got %v, %v, want a, b and c of a page a little askew, then d and the unread place", got, err)
	}
}

func TestCodeInSeveralSymbolsIsOnePlace(t *testing.T) {
	part := func(text string, i, of int, parity byte, y float64) qr.Code {
		return qr.Code{Corners: square(10, y), Bytes: []byte(text), Text: text, Agree: qr.Single, Append: &qr.Append{Index: i, Total: of, Parity: parity}}
	}
	pages := []qr.Page{
		{Number: 1, Codes: []qr.Code{part("cd", 1, 2, 7, 10), part("x", 0, 3, 9, 300)}},
		{Number: 2, Codes: []qr.Code{part("ab", 0, 2, 7, 10), part("z", 2, 3, 9, 300)}},
	}
	codes, err := placesOf(qr.File{Pages: pages, Joined: []qr.Joined{
		{Total: 2, Parity: 7, ParityOK: true, Agree: qr.Single, Bytes: []byte("abcd"), Text: "abcd",
			Parts: []qr.PartRef{{Page: 1, Code: 0, Index: 0}, {Page: 0, Code: 0, Index: 1}}},
		{Total: 3, Parity: 9, Missing: []int{1}, Parts: []qr.PartRef{{Page: 0, Code: 1, Index: 0}, {Page: 1, Code: 1, Index: 2}}},
	}})
	if err != nil || len(codes) != 4 {
		t.Fatalf("got %+v, %v, want four places", codes, err)
	}
	for i, want := range []struct {
		role    card.Role
		payload string
		lacking int
	}{{card.PartCode, "", 0}, {card.WholeCode, "", 1}, {card.WholeCode, "abcd", 0}, {card.PartCode, "", 1}} {
		if c := codes[i]; c.Role != want.role || string(c.Payload) != want.payload || c.Lacking != want.lacking {
			t.Errorf("place %d: got %s %q, %d lacking, want %+v", i+1, c.Role, c.Payload, c.Lacking, want)
		}
	}
}

func TestJoinedCodeWithAMyNumberIsKeptNowhere(t *testing.T) {
	const text = "ABC-123456,123456789018"
	codes, err := placesOf(qr.File{
		Pages: []qr.Page{{Number: 1, Codes: []qr.Code{
			{Corners: square(0, 0), Bytes: []byte(text[:15]), Append: &qr.Append{Index: 0, Total: 2}},
			{Corners: square(0, 300), Bytes: []byte(text[15:]), Append: &qr.Append{Index: 1, Total: 2}}}}},
		Joined: []qr.Joined{{Total: 2, ParityOK: true, Bytes: []byte(text), Text: text, Parts: []qr.PartRef{{Code: 0}, {Code: 1, Index: 1}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codes {
		if c.Payload != nil || c.Raw != nil || c.Role == card.WholeCode {
			t.Errorf("got %+v, want nothing of it", c)
		}
	}
}
