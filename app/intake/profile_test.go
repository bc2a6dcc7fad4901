package intake

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/apptest"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

func TestProfilesReadEveryKindOfLayout(t *testing.T) {
	euc, err := japanese.EUCJP.NewEncoder().Bytes([]byte("ABC-123456,南部　一郎"))
	if err != nil {
		t.Fatal(err)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte("ABC-123456,南部　一郎"))
	if err != nil {
		t.Fatal(err)
	}
	number, name := Field{As: NoticeNumber, At: 1}, Field{As: Name, At: 2}
	for sentence, c := range map[string]struct {
		profile Profile
		scan    Scan
	}{
		"widths in bytes, two for a kanji": {Profile{Split: ByWidth, Unit: Bytes, Charset: CP932,
			Fields: []Field{{As: NoticeNumber, At: 1, Length: 9}, {As: Name, At: 10, Length: 20}, {As: Birth, At: 30, Length: 7}}},
			Scan{Payload: "abc123456南部　一郎" + strings.Repeat(" ", 10) + "3250512"}},
		"widths in bytes of UTF-8": {Profile{Split: ByWidth, Unit: Bytes, Charset: UTF8,
			Fields: []Field{{As: NoticeNumber, At: 1, Length: 9}, {As: Name, At: 10, Length: 15}}}, Scan{Payload: "abc123456南部　一郎"}},
		"a regular expression": {Profile{Split: ByPattern, Charset: AnyCharset, Pattern: `<(\w{3}-\d{6})>(.*?)(?:様)?`,
			Fields: []Field{number, name}}, Scan{Payload: "<ABC-123456>南部　一郎様"}},
		"tabs, with words around the values": {Profile{Split: BySeparator, Separator: "\t", Charset: AnyCharset,
			Fields: []Field{{As: NoticeNumber, At: 1, Prefix: "No."}, {As: Name, At: 2, Prefix: "氏名:", Suffix: "様"}}}, Scan{Payload: "No.ABC-123456\t氏名:南部　一郎 様"}},
		"bytes in EUC-JP": {Profile{Split: BySeparator, Separator: ",", Charset: EUCJP, Fields: []Field{number, name}},
			Scan{Payload: "read wrongly", Raw: euc, Way: card.ByPicture}},
		"bytes in CP932": {Profile{Split: BySeparator, Separator: ",", Charset: CP932, Fields: []Field{number, name}},
			Scan{Payload: "read wrongly", Raw: sjis, Way: card.ByPicture}},
	} {
		t.Run(sentence, func(t *testing.T) {
			st, by := desk(t)
			apptest.Write(t, st, func(tx *store.Tx) error { return AddProfile(tx, by, "試験", c.profile) })
			result, err := take(t, st, by, c.scan)
			if r := result.Record; err != nil || r.NoticeNumber != "ABC123456" || r.Name != "南部　一郎" {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestUnusableProfilesSayWhereTheyAreWrong(t *testing.T) {
	st, by := desk(t)
	number := []Field{{As: NoticeNumber, At: 1}}
	for sentence, c := range map[string]struct {
		profile Profile
		field   string
	}{
		"a pattern that is none":        {Profile{Split: ByPattern, Charset: UTF8, Pattern: "(", Fields: number}, "pattern"},
		"a group that is not there":     {Profile{Split: ByPattern, Charset: UTF8, Pattern: "(.*)", Fields: []Field{{As: NoticeNumber, At: 2}}}, "at_notice_number"},
		"no separator":                  {Profile{Split: BySeparator, Charset: UTF8, Fields: number}, "separator"},
		"no key":                        {Profile{Split: ByKey, Separator: ";", Equals: "=", Charset: UTF8, Fields: []Field{{As: NoticeNumber}}}, "key_notice_number"},
		"a charset nobody knows":        {Profile{Split: BySeparator, Separator: ",", Charset: "ebcdic", Fields: number}, "charset"},
		"bytes of an unknown charset":   {Profile{Split: ByWidth, Unit: Bytes, Charset: AnyCharset, Fields: number}, "charset"},
		"parts without their number":    {Profile{Split: BySeparator, Separator: ",", Charset: UTF8, Parts: "{m}:", Fields: number}, "parts"},
		"a width that goes on for ever": {Profile{Split: ByWidth, Charset: UTF8, Fields: []Field{{As: NoticeNumber, At: 1, Length: 1 << 40}}}, "length_notice_number"},
		"no notice number":              {Profile{Split: BySeparator, Separator: ",", Charset: UTF8}, "at_notice_number"},
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { return AddProfile(tx, by, "試験", c.profile) })
		p, _ := problem.As(err)
		if !errors.Is(err, ErrProfile) || p == nil || p.Fields[c.field] == "" {
			t.Errorf("%s: got %v, want ErrProfile on %s", sentence, err, c.field)
		}
	}
}

func TestProfileIsTriedAgainstAllThatWasReadBeforeItIsUsed(t *testing.T) {
	st, by := desk(t)
	r, err := read(t, st, by, sample)
	if err != nil {
		t.Fatal(err)
	}
	short := strings.NewReplacer("ABC-123456", "ABC-777777", "12345678901234567890123", "", ",20361001", ",").Replace(sample)
	if _, err := read(t, st, by, short); err != nil {
		t.Fatal(err)
	}
	p := guess
	p.Fields = append([]Field{}, guess.Fields...)
	p.Fields[7] = Field{As: Address, At: 4} // the name for the address
	var saved Saved
	var trial Trial
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		if saved, err = SaveProfile(tx, by, "標準（推定）", p); err != nil {
			return err
		}
		trial, err = Try(tx, p)
		return err
	})
	if saved.Version != 2 || saved.Active || trial.Total != 2 || trial.Differ != 2 || trial.Lost != 0 || len(trial.Rows) != 2 ||
		trial.Rows[0].Changes[0] != (card.Change{Field: "address", Now: "苫米地字下宿２３－１", New: "髙橋　花子"}) {
		t.Fatalf("got %+v, %+v, want both codes to differ in the address", saved, trial)
	}
	on := func(stamp string) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { return SwitchOn(tx, by, saved.Ref, stamp) })
	}
	if err := on("never seen"); !errors.Is(err, ProfileUntried) {
		t.Errorf("got %v without a trial, want ProfileUntried", err)
	}
	if err := on(trial.Stamp); err != nil {
		t.Fatal(err)
	}
	var rereads []Reread
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		rereads, _, err = Rereadings(tx, 10)
		return err
	})
	if len(rereads) != 2 || rereads[0].ByHand {
		t.Fatalf("got %+v, want both cards to read again", rereads)
	}
	seen := card.Versions{Card: r.Card.Version, Person: r.PersonVersion}
	apptest.Write(t, st, func(tx *store.Tx) error { return ApplyReread(tx, by, r.Card.Ref, seen) })
	apptest.Read(t, st, func(tx *store.Tx) error {
		got, err := card.Get(tx, r.Card.Ref)
		if got.Address != "髙橋　花子" {
			t.Errorf("got address %q, want what the new profile says", got.Address)
		}
		return err
	})
	err = st.Write(t.Context(), func(tx *store.Tx) error { return ApplyReread(tx, by, r.Card.Ref, seen) })
	if !errors.Is(err, card.Stale) {
		t.Errorf("got %v for an old page, want Stale", err)
	}
}

func TestProfilesAreKeptAsTheyAre(t *testing.T) {
	st, _ := desk(t)
	for name, statement := range map[string]string{
		"changed": `UPDATE payload_profile SET definition = '{}'`,
		"removed": `DELETE FROM payload_profile`,
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(statement); return err })
		if !store.Broke(err, store.Trigger, "payload_profile_is_kept") {
			t.Errorf("%s: got %v, want the schema to refuse", name, err)
		}
	}
}

func TestSampleIsShownPieceByPiece(t *testing.T) {
	s, err := Show(guess, sample+",余り")
	if err != nil || s.Problem != nil || len(s.Pieces) != 12 || len(s.Pieces[11].As) != 0 || s.Pieces[3].As[0] != Name {
		t.Errorf("got %+v, %v, want twelve pieces, the last one unused", s.Pieces, err)
	}
	for _, v := range s.Values {
		if !v.OK {
			t.Errorf("%s: got %q unreadable", v.Field, v.Raw)
		}
	}
	s, err = Show(guess, strings.Replace(sample, "19500512", "19501312", 1))
	if err != nil || !errors.Is(s.Problem, Unreadable) {
		t.Fatalf("got %v, %v, want the bad date named", s.Problem, err)
	}
	for _, v := range s.Values {
		if v.OK != (v.Field != Birth) {
			t.Errorf("%s: got OK %v", v.Field, v.OK)
		}
	}
	widths := Profile{Split: ByWidth, Charset: UTF8, Fields: []Field{{As: Name, At: 12, Length: 2}, {As: NoticeNumber, At: 1, Length: 9}}}
	if s, err = Show(widths, "ABC123456--南部..."); err != nil || len(s.Pieces) != 4 || s.Pieces[1].Text != "--" || s.Pieces[3].Text != "..." {
		t.Errorf("got %+v, %v, want two fields and what stands between and behind", s.Pieces, err)
	}
}

func FuzzProfile(f *testing.F) {
	f.Add("separator", ",", "=", "", "{n}/{m}:", 1, 5, "ABC-123456,x")
	f.Add("width", "", "", "", "", 3, 9, "xxABC123456")
	f.Add("pattern", "", "", `(\w+)-(.*)`, "", 1, 0, "ABC123456-x")
	f.Fuzz(func(t *testing.T, split, separator, equals, pattern, parts string, at, length int, payload string) {
		for _, charset := range []string{AnyCharset, UTF8, CP932, EUCJP} {
			p := Profile{Split: Split(split), Separator: separator, Equals: equals, Pattern: pattern, Parts: parts, Charset: charset, Unit: Bytes,
				Fields: []Field{{As: NoticeNumber, At: at, Length: length, Key: equals}, {As: Name, At: length, Length: at, Key: separator}}}
			s, err := Show(p, payload)
			if err != nil && !errors.Is(err, ErrProfile) {
				t.Errorf("got %v, want ErrProfile or a sample", err)
			}
			if err == nil && s.Problem == nil && s.Part == nil && len(s.Values) != len(p.Fields) {
				t.Errorf("got %d values for %d fields", len(s.Values), len(p.Fields))
			}
			text, _ := decode(charset, []byte(payload))
			if strings.Contains(text, "\ufffd") && !strings.Contains(payload, "\ufffd") {
				t.Errorf("%s: got U+FFFD of % x", charset, payload)
			}
		}
	})
}
