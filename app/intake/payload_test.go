package intake

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/store"
)

const sample = "ABC-123456,12345678901234567890123,02,髙橋　花子,タカハシ　ハナコ,19500512,0390802,苫米地字下宿２３－１,024457,20261001,20361001"

func desk(t *testing.T) (*store.Store, audit.Actor) {
	st, _ := apptest.Store(t)
	var by audit.Actor
	apptest.Write(t, st, func(tx *store.Tx) error {
		a, _, err := staff.Add(tx, audit.Command("test"), "hanako", "受付 花子", staff.Clerk)
		by = a.Actor("r1")
		if err != nil {
			return err
		}
		if err := settings.Set(tx, by, "town.municipality_code", "024457"); err != nil {
			return err
		}
		return EnsureProfile(tx, by)
	})
	return st, by
}

func read(t *testing.T, st *store.Store, by audit.Actor, payload string) (r card.Record, err error) {
	err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
		r, err = ReadPayload(tx, by, payload)
		return err
	})
	return r, err
}

func TestPayloadIsTakenApartAsWritten(t *testing.T) {
	st, by := desk(t)
	r, err := read(t, st, by, "\t"+sample+"\r\n")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join([]string{r.NoticeNumber.String(), r.ApplicationID, string(r.IssueKind), r.Name, r.KanaName,
		r.Birth.String(), string(r.PostalCode), r.Address, r.MadeOn.String(), r.ExpiresOn.String()}, "|")
	want := "ABC-123456|12345678901234567890123|renewal|髙橋　花子|タカハシ　ハナコ|1950-05-12|0390802|苫米地字下宿２３－１|2026-10-01|2036-10-01"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		raw, err := store.One[[]byte](tx, `SELECT payload FROM reading`)
		if string(raw) != sample {
			t.Errorf("got payload %q, want it kept as it came", raw)
		}
		return err
	})
}

func TestPayloadsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    *problem.Problem
	}{
		"nothing":                        {" \r\n", Empty},
		"typed with the IME on":          {"あｂｃー１２３４５６、１", TypedWithIME},
		"too few fields":                 {"ABC-123456,123", TooShort},
		"no notice number":               {strings.Replace(sample, "ABC-123456", "ABC-12345", 1), Unreadable},
		"impossible birth date":          {strings.Replace(sample, "19500512", "19500230", 1), Unreadable},
		"22-digit application ID":        {strings.Replace(sample, "12345678901234567890123", "1234567890123456789012", 1), Unreadable},
		"a 個人番号 in a field":              {strings.Replace(sample, "苫米地", "123456789018 苫米地", 1), HoldsMyNumber},
		"a 個人番号 in groups of four":       {strings.Replace(sample, "苫米地", "1234-5678-9018 苫米地", 1), HoldsMyNumber},
		"a 個人番号 in full width":           {strings.Replace(sample, "苫米地", "１２３４５６７８９０１８", 1), HoldsMyNumber},
		"another town":                   {strings.Replace(sample, "024457", "024414", 1), ForeignTown},
		"more than any code could carry": {strings.Repeat("あ", mostBytes), TooLong},
	} {
		t.Run(name, func(t *testing.T) {
			st, by := desk(t)
			_, err := read(t, st, by, c.payload)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if p, ok := problem.As(err); !ok || p.Fields["payload"] == "" {
				t.Errorf("got %v, want a problem on the field payload", err)
			}
			apptest.Read(t, st, func(tx *store.Tx) error {
				n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM card) + (SELECT count(*) FROM recipient)`)
				if n != 0 {
					t.Errorf("got %d rows kept of a refused payload, want 0", n)
				}
				return err
			})
		})
	}
}

func TestFullWidthTypingIsFolded(t *testing.T) {
	st, by := desk(t)
	r, err := read(t, st, by, "ａｂｃ－１２３４５６，１２３４５６７８９０１２３４５６７８９０１２３，０１，南部　一,ナンブ　ハジメ，１９８９０１０８，０３９０８０２，苫米地，０２４４５７，，")
	if err != nil {
		t.Fatal(err)
	}
	if r.NoticeNumber != "ABC123456" || r.Birth.String() != "1989-01-08" || r.IssueKind != card.NewIssue {
		t.Errorf("got %+v, want it read as if typed in half width", r)
	}
}

func TestTwelveDigitsThatAreNoMyNumberPass(t *testing.T) {
	st, by := desk(t)
	if _, err := read(t, st, by, strings.Replace(sample, "苫米地", "123456789012", 1)); err != nil {
		t.Errorf("got %v, want it read: the check digit is wrong", err)
	}
}

func TestSameCodeAgainSaysWhenAndByWhom(t *testing.T) {
	st, by := desk(t)
	if _, err := read(t, st, by, sample); err != nil {
		t.Fatal(err)
	}
	for name, again := range map[string]string{
		"the same payload":           sample,
		"the same number, new shelf": strings.Replace(sample, "苫米地", "小向", 1),
		"the same application ID":    strings.Replace(sample, "ABC-123456", "XYZ-999999", 1),
	} {
		_, err := read(t, st, by, again)
		p, _ := problem.As(err)
		if !errors.Is(err, ReadBefore) || p.Args["by"] != "受付 花子" || p.Args["at"] != "12月1日（火） 09:00" || p.Args["notice_number"] != "ABC-123456" {
			t.Errorf("%s: got %v %+v, want ReadBefore with when, by whom and which", name, err, p)
		}
	}
}

func TestTwoPeopleReadingOneCodeAtOnce(t *testing.T) {
	st, by := desk(t)
	var wg sync.WaitGroup
	results := make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			_, err := read(t, st, by, sample)
			results <- err
		})
	}
	wg.Wait()
	close(results)
	taken := 0
	for err := range results {
		if err == nil {
			taken++
		} else if !errors.Is(err, ReadBefore) {
			t.Errorf("got %v, want ReadBefore", err)
		}
	}
	if taken != 1 {
		t.Errorf("got %d taken in, want 1", taken)
	}
}

func TestProfilesCutByWidthAndByKey(t *testing.T) {
	for name, c := range map[string]struct {
		profile Profile
		payload string
	}{
		"by width": {Profile{Split: ByWidth, Charset: "utf-8", Fields: []Field{{As: NoticeNumber, At: 1, Length: 9}, {As: Name, At: 10, Length: 6}, {As: Birth, At: 16, Length: 7}}}, "abc123456南部　一郎　3250512"},
		"by key":   {Profile{Split: ByKey, Separator: ";", Equals: "=", Charset: "utf-8", Fields: []Field{{As: NoticeNumber, Key: "no"}, {As: Name, Key: "nm"}, {As: Birth, Key: "bd"}}}, "bd=S25.5.12;nm=南部　一郎;no=ABC-123456"},
	} {
		t.Run(name, func(t *testing.T) {
			st, by := desk(t)
			apptest.Write(t, st, func(tx *store.Tx) error { return AddProfile(tx, by, name, c.profile) })
			r, err := read(t, st, by, c.payload)
			if err != nil || r.NoticeNumber != "ABC123456" || r.Name != "南部　一郎" || r.Birth.String() != "1950-05-12" {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
}

func TestUnusableProfilesAreRefused(t *testing.T) {
	st, by := desk(t)
	for name, p := range map[string]Profile{
		"no split":         {Fields: []Field{{As: NoticeNumber, At: 1}}},
		"no notice number": {Split: BySeparator, Separator: ",", Fields: []Field{{As: Name, At: 1}}},
		"no place":         {Split: ByWidth, Fields: []Field{{As: NoticeNumber, At: 1}}},
		"unknown field":    {Split: BySeparator, Separator: ",", Fields: []Field{{As: "shoe_size", At: 1}}},
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { return AddProfile(tx, by, name, p) })
		if !errors.Is(err, ErrProfile) {
			t.Errorf("%s: got %v, want ErrProfile", name, err)
		}
	}
}

func FuzzReadPayload(f *testing.F) {
	f.Add(sample)
	f.Add("ABC123456")
	f.Add("，，，")
	f.Fuzz(func(t *testing.T, payload string) {
		for _, p := range []Profile{guess, {Split: ByWidth, Fields: []Field{{As: NoticeNumber, At: 3, Length: 9}}}, {Split: ByKey, Separator: ";", Equals: "=", Fields: []Field{{As: NoticeNumber, Key: "no"}}}} {
			got, err := takeApart(p, payload)
			if err == nil && len(got.Card.NoticeNumber) != 9 {
				t.Errorf("got notice number %q without an error", got.Card.NoticeNumber)
			}
			if _, expected := problem.As(err); err != nil && !expected {
				t.Errorf("got %v, want a problem", err)
			}
		}
		holdsMyNumber(payload)
	})
}
