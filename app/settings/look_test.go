package settings

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/store"
)

func TestColourCanBeReadOnEveryGround(t *testing.T) {
	st, _ := apptest.Store(t)
	for value, want := range map[string]error{
		"#0017c1": nil, "#000000": nil, "#767676": ColourPale /* 4.5 on white, not on grey */, "#ffffff": ColourPale, "#ffd43d": ColourPale,
		"blue": ColourForm, "#00F": ColourForm, "#00000g": ColourForm, "#0017c1;}": ColourForm, "": nil,
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { return Set(tx, audit.Command("test"), "look.colour", value) })
		if !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", value, err, want)
		}
	}
	if white := (luminance("#ffffff") + 0.05) / (luminance("#767676") + 0.05); white < 4.54 || white > 4.55 {
		t.Errorf("got a contrast of %.3f for #767676 on white, want WCAG's 4.54", white)
	}
	if got := Darker("#0a64ff"); got != "#0746b2" {
		t.Errorf("got %s, want each part at seven tenths", got)
	}
}

func TestLogoIsKeptDrawnAnewAndTakenAway(t *testing.T) {
	st, _ := apptest.Store(t)
	by := audit.Command("test")
	var body bytes.Buffer
	if err := png.Encode(&body, image.NewGray(image.Rect(0, 0, 400, 200))); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return SetLogo(tx, by, body.Bytes()) })
	read := func() (s Settings) {
		apptest.Read(t, st, func(tx *store.Tx) (err error) {
			s, err = Get(tx)
			return err
		})
		return s
	}
	logo := read().Logo
	if w, h := logo.Shown(); logo.Width != 192 || logo.Height != 96 || w != 96 || h != 48 {
		t.Errorf("got %+v shown %dx%d, want 192x96 shown at half of it", logo, w, h)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		l, err := LogoByHash(tx, logo.Hash)
		if err != nil || !bytes.HasPrefix(l.Body, []byte("\x89PNG")) {
			t.Errorf("got %d bytes, %v, want the logo", len(l.Body), err)
		}
		if _, err := LogoByHash(tx, strings.Repeat("0", 64)); !errors.Is(err, LogoNotFound) {
			t.Errorf("got %v, want LogoNotFound", err)
		}
		return nil
	})
	for want, body := range map[error][]byte{LogoForm: []byte("GIF89a"), LogoTooLarge: make([]byte, LogoBytes+1)} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { return SetLogo(tx, by, body) })
		if !errors.Is(err, want) || read().Logo != logo {
			t.Errorf("got %v and %+v, want %v and the old logo", err, read().Logo, want)
		}
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return SetLogo(tx, by, nil) })
	if got := read().Logo; got != (LogoFacts{}) {
		t.Errorf("got %+v, want none", got)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		log, err := audit.Of(tx, audit.Subject{Kind: "setting", Ref: "look.logo"})
		if len(log) != 2 {
			t.Errorf("got %d entries, want both changes", len(log))
		}
		return err
	})
}
