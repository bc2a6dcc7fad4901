package console

import (
	"errors"
	"net/http"
	"testing"

	"madoguchi/app/attempt"
	"madoguchi/app/card"
	"madoguchi/app/jp"
)

// Someone who mistyped too often telephones and is let in again at once.
func TestClerkLetsAResidentInAgain(t *testing.T) {
	o := open(t)
	signIn := func(day int) error {
		_, err := card.SignIn(t.Context(), o.st, "r", "", o.hanako.NoticeNumber, jp.BirthDate{Year: 1950, Month: 5, Day: day})
		return err
	}
	if p := o.clerk().Get(pathOf(o.hanako)); len(p.Texts("#closed")) != 0 {
		t.Error("the page offers a release while sign-in is open")
	}
	for range attempt.Most {
		if err := signIn(13); !errors.Is(err, card.SignInRefused) {
			t.Fatal(err)
		}
	}
	if err := signIn(12); !errors.Is(err, card.SignInRefused) {
		t.Fatalf("got %v, want sign-in closed", err)
	}
	p := o.clerk().Get(pathOf(o.hanako))
	must(t, p, http.StatusOK, "ログインが止まっています")
	p = p.Submit(pathOf(o.hanako)+"/release", nil)
	must(t, p, http.StatusOK, "予約サイトへのログインを再開しました。", "ログインの停止を解除")
	if err := signIn(12); err != nil {
		t.Errorf("got %v, want the resident let in", err)
	}
}
