package jp

import (
	"errors"
	"testing"
)

func TestPostalCodeIsReadInEveryWrittenForm(t *testing.T) {
	for _, text := range []string{
		"039-0802", "0390802", "〒039-0802", "〒０３９－０８０２", "〒 ０３９ー０８０２", "039 0802", "039 - 0802", "０３９−０８０２\n",
	} {
		got, err := ParsePostalCode(text)
		if got != "0390802" || err != nil {
			t.Errorf("%q: got %q, %v, want 0390802", text, string(got), err)
		}
		if got.String() != "039-0802" {
			t.Errorf("%q: got %s, want 039-0802", text, got)
		}
	}
}

func TestWhatIsNoPostalCodeIsRefused(t *testing.T) {
	for _, text := range []string{"", "〒", "039-080", "039-08022", "0390-802", "03-90802", "039-O802", "039", "あ039-0802"} {
		if got, err := ParsePostalCode(text); got != "" || !errors.Is(err, ErrPostalCode) {
			t.Errorf("%q: got %q, %v, want %v", text, string(got), err, ErrPostalCode)
		}
	}
	if got := PostalCode("").String(); got != "" {
		t.Errorf("no postal code: got %q, want nothing", got)
	}
}
