package qr

import (
	"slices"
	"testing"
)

// pagesOf puts each list of codes on a page of its own.
func pagesOf(pages ...[]Code) []Page {
	var out []Page
	for i, codes := range pages {
		out = append(out, Page{Number: i + 1, Codes: codes})
	}
	return out
}

func partCode(index, total int, parity byte, value string) Code {
	return Code{
		Bytes:    []byte(value),
		Segments: []Segment{{Mode: Byte, ECI: -1, Bytes: []byte(value)}},
		Append:   &Append{Index: index, Total: total, Parity: parity},
		Agree:    Single,
	}
}

func parityOf(s string) (p byte) {
	for i := range len(s) {
		p ^= s[i]
	}
	return p
}

func TestPartsAreJoinedAcrossPagesAndCutCharactersAreWhole(t *testing.T) {
	all := "南部町,髙橋"
	p := parityOf(all)
	got := join(pagesOf(
		[]Code{partCode(2, 3, p, all[8:]), {Bytes: []byte("other")}},
		[]Code{partCode(0, 3, p, all[:4]), partCode(1, 3, p, all[4:8]), partCode(1, 3, p, all[4:8])}))
	if len(got) != 1 {
		t.Fatalf("got %d messages, want 1", len(got))
	}
	j := got[0]
	if string(j.Bytes) != all || j.Text != all || j.Charset != UTF8 || !j.ParityOK || j.Conflict {
		t.Errorf("got %+v, want %q joined with its parity right", j, all)
	}
	want := []PartRef{{Page: 1, Code: 0, Index: 0}, {Page: 1, Code: 1, Index: 1}, {Page: 0, Code: 0, Index: 2}}
	if !slices.Equal(j.Parts, want) {
		t.Errorf("got parts %v, want %v", j.Parts, want)
	}
}

func TestIncompleteOrContradictoryPartsGiveNoValue(t *testing.T) {
	cases := []struct {
		name     string
		codes    []Code
		missing  []int
		conflict bool
	}{
		{"a part is missing", []Code{partCode(0, 3, 1, "a"), partCode(2, 3, 1, "c")}, []int{1}, false},
		{"one index has two values", []Code{partCode(0, 2, 1, "a"), partCode(1, 2, 1, "b"), partCode(1, 2, 1, "x")}, nil, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := join(pagesOf(c.codes))
			if len(got) != 1 || got[0].Bytes != nil || got[0].Conflict != c.conflict || !slices.Equal(got[0].Missing, c.missing) {
				t.Errorf("got %+v, want no value, missing %v, conflict %v", got, c.missing, c.conflict)
			}
		})
	}
}

func TestPartsOfAnotherMessageAreNoticedByTheParity(t *testing.T) {
	got := join(pagesOf([]Code{partCode(0, 2, 9, "ab"), partCode(1, 2, 9, "cd")}))
	if len(got) != 1 || got[0].ParityOK {
		t.Errorf("got %+v, want a parity that is not right", got)
	}
}

func TestMessagesWithDifferentParityStayApart(t *testing.T) {
	got := join(pagesOf([]Code{partCode(0, 1, 'a', "a"), partCode(0, 1, 'b', "b")}))
	if len(got) != 2 || got[0].Text != "a" || got[1].Text != "b" {
		t.Errorf("got %+v, want two messages", got)
	}
}

func TestAJoinedMessageIsOnlyAsSureAsItsWeakestPart(t *testing.T) {
	sure, doubtful := partCode(0, 2, 3, "a"), partCode(1, 2, 3, "b")
	sure.Agree, doubtful.Agree = Agreed, Disagree
	if got := join(pagesOf([]Code{sure, doubtful})); got[0].Agree != Disagree {
		t.Errorf("got %s, want %s", got[0].Agree, Disagree)
	}
}
