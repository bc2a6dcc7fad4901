package intake

import (
	"errors"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// hall adds the place where deliveries arrive.
func hall(t *testing.T, st *store.Store) store.Ref {
	t.Helper()
	ref := store.NewRef()
	apptest.Write(t, st, func(tx *store.Tx) error {
		_, err := tx.Insert(`INSERT INTO venue (ref, name, position) VALUES (?, '役場', 1)`, ref)
		return err
	})
	return ref
}

func batchToday(t *testing.T, st *store.Store, by audit.Actor, expected int) (b Batch) {
	t.Helper()
	venue := hall(t, st)
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		b, err = OpenBatch(tx, by, BatchForm{ArrivedOn: jp.DateOf(tx.Now), Venue: venue, Expected: expected})
		return err
	})
	return b
}

func again(t *testing.T, st *store.Store, ref store.Ref) (b Batch) {
	t.Helper()
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		b, err = BatchByRef(tx, ref)
		return err
	})
	return b
}

func take(t *testing.T, st *store.Store, by audit.Actor, s Scan) (result Result, err error) {
	t.Helper()
	err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
		result, err = Take(tx, by, s)
		return err
	})
	return result, err
}

func TestBatchCountsWhatIsReadUntilItIsClosed(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 2)
	if b.Name() != "12月1日（火）着 第1便" {
		t.Errorf("got name %q", b.Name())
	}
	if _, err := take(t, st, by, Scan{Payload: sample, Batch: b.Ref, Position: "A-1"}); err != nil {
		t.Fatal(err)
	}
	_, err := take(t, st, by, Scan{Payload: sample, Batch: b.Ref})
	if p, _ := problem.As(err); !errors.Is(err, ReadBeforeInBatch) || p.Args["batch"] != b.Name() || p.Args["by"] != "受付 花子" {
		t.Errorf("got %v, want it to say with which delivery and by whom", err)
	}
	if _, err := take(t, st, by, Scan{Payload: sample, Position: "123456789018"}); !errors.Is(err, HoldsMyNumber) {
		t.Errorf("got %v for a 個人番号 as a shelf, want it refused", err)
	}
	if b = again(t, st, b.Ref); b.Read != 1 || b.Expected != 2 {
		t.Errorf("got %d read of %d, want 1 of 2", b.Read, b.Expected)
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return CloseBatch(tx, by, b.Ref, b.Version) })
	other := strings.NewReplacer("ABC-123456", "ABC-777777", "12345678901234567890123", "77777678901234567890123").Replace(sample)
	if _, err := take(t, st, by, Scan{Payload: other, Batch: b.Ref}); !errors.Is(err, card.BatchClosed) {
		t.Errorf("got %v for a closed batch, want BatchClosed", err)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM recipient`)
		if n != 1 {
			t.Errorf("got %d recipients, want nothing left of the refused one", n)
		}
		return err
	})
	apptest.Write(t, st, func(tx *store.Tx) error { return ReopenBatch(tx, by, b.Ref, again(t, st, b.Ref).Version) })
	if _, err := take(t, st, by, Scan{Payload: other, Batch: b.Ref}); err != nil {
		t.Errorf("got %v after opening it again, want it read", err)
	}
}

func TestBatchesThatAreRefused(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	today := b.ArrivedOn
	for sentence, c := range map[string]struct {
		form BatchForm
		want error
	}{
		"no day":           {BatchForm{Venue: b.VenueRef}, BatchDay},
		"tomorrow":         {BatchForm{ArrivedOn: today.AddDays(1), Venue: b.VenueRef}, BatchDay},
		"years ago":        {BatchForm{ArrivedOn: today.AddDays(-400), Venue: b.VenueRef}, BatchDay},
		"no place":         {BatchForm{ArrivedOn: today, Venue: "nowhere"}, BatchVenue},
		"too many":         {BatchForm{ArrivedOn: today, Venue: b.VenueRef, Expected: 100001}, BatchExpected},
		"a 個人番号":           {BatchForm{ArrivedOn: today, Venue: b.VenueRef, Remarks: "1234 5678 9018"}, HoldsMyNumber},
		"remarks too long": {BatchForm{ArrivedOn: today, Venue: b.VenueRef, Remarks: strings.Repeat("長", 201)}, RemarksTooLong},
	} {
		err := st.Write(t.Context(), func(tx *store.Tx) error { _, err := OpenBatch(tx, by, c.form); return err })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", sentence, err, c.want)
		}
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error { return CloseBatch(tx, by, b.Ref, b.Version+1) })
	if !errors.Is(err, BatchStale) {
		t.Errorf("got %v for another's version, want BatchStale", err)
	}
}

func TestSymbolsOfOneCodeAreJoinedInAnyOrder(t *testing.T) {
	st, by := desk(t)
	p := guess
	p.Parts = "{n}/{m}:"
	apptest.Write(t, st, func(tx *store.Tx) error { return AddProfile(tx, by, "分かれる", p) })
	cut := len(sample) / 3
	parts := []string{"1/3:" + sample[:cut], "2/3:" + sample[cut:2*cut], "3/3:" + sample[2*cut:]}
	for _, i := range []int{2, 0, 2} { // the third twice: harmless
		result, err := take(t, st, by, Scan{Payload: parts[i]})
		if err != nil || result.Waiting == nil || result.Waiting.Of != 3 {
			t.Fatalf("part %d: got %+v, %v, want it to wait for the others", i+1, result, err)
		}
	}
	if _, err := take(t, st, by, Scan{Payload: "2/4:x"}); !errors.Is(err, OtherParts) {
		t.Errorf("got %v for a symbol of another code, want OtherParts", err)
	}
	result, err := take(t, st, by, Scan{Payload: parts[1]})
	if err != nil || result.Record.Name != "髙橋　花子" {
		t.Errorf("got %+v, %v, want the whole code read", result.Record, err)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		waiting, err := PartsWaiting(tx, by.StaffID)
		if waiting != nil {
			t.Errorf("got %+v still waiting", waiting)
		}
		return err
	})
}

func TestOnlyTheNewestReadIsTakenBackAndOnlyWhileUnused(t *testing.T) {
	st, by := desk(t)
	first, err := read(t, st, by, sample)
	if err != nil {
		t.Fatal(err)
	}
	second, err := read(t, st, by, strings.NewReplacer("ABC-123456", "ABC-777777", "12345678901234567890123", "77777678901234567890123").Replace(sample))
	if err != nil {
		t.Fatal(err)
	}
	back := func(by audit.Actor, r card.Record) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { _, err := card.TakeBack(tx, by, r.Card.Ref); return err })
	}
	var other audit.Actor
	apptest.Write(t, st, func(tx *store.Tx) error {
		a, _, err := staff.Add(tx, audit.Command("test"), "taro", "受付 太郎", staff.Clerk)
		other = a.Actor("r2")
		return err
	})
	if err := back(by, first); !errors.Is(err, card.NotYours) {
		t.Errorf("got %v for an older read, want NotYours", err)
	}
	if err := back(other, second); !errors.Is(err, card.NotYours) {
		t.Errorf("got %v for another's read, want NotYours", err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return card.AddNote(tx, by, second.Card.Ref, "折り返し電話") })
	if err := back(by, second); !errors.Is(err, card.InUse) {
		t.Errorf("got %v for a card with a note, want InUse", err)
	}
	third, err := read(t, st, by, strings.NewReplacer("ABC-123456", "ABC-888888", "12345678901234567890123", "88888678901234567890123").Replace(sample))
	if err != nil {
		t.Fatal(err)
	}
	if err := back(by, third); err != nil {
		t.Errorf("got %v for the newest, want it taken back", err)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM card) * 100 + (SELECT count(*) FROM recipient) * 10 + (SELECT count(*) FROM reading)`)
		if n != 222 {
			t.Errorf("got %d, want two cards, recipients and readings left", n)
		}
		return err
	})
}

func TestCorrectingReadOverwritesWhatItSays(t *testing.T) {
	st, by := desk(t)
	r, err := read(t, st, by, sample)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.NewReplacer("苫米地字下宿２３－１", "小向字上野１", ",02,", ",03,").Replace(sample)
	_, err = read(t, st, by, moved)
	if p, _ := problem.As(err); !errors.Is(err, ReadBefore) || p.Args["differs"] != "1" {
		t.Errorf("got %v, want it to say that the code differs", err)
	}
	correct := func(seen card.Versions) (card.Record, error) {
		var out card.Record
		err := st.Write(t.Context(), func(tx *store.Tx) (err error) {
			out, err = CorrectByReading(tx, by, moved, seen)
			return err
		})
		return out, err
	}
	if _, err := correct(card.Versions{Card: r.Card.Version + 1, Person: r.PersonVersion}); !errors.Is(err, card.Stale) {
		t.Errorf("got %v for another's version, want Stale", err)
	}
	got, err := correct(card.Versions{Card: r.Card.Version, Person: r.PersonVersion})
	if err != nil || got.Address != "小向字上野１" || got.IssueKind != card.Reissue || got.KindName != "再交付" || got.Name != r.Name {
		t.Errorf("got %+v, %v, want the address and kind corrected, the name kept", got, err)
	}
	if _, err := read(t, st, by, moved); !WasReadBefore(err) {
		t.Errorf("got %v for the correcting code again, want it known", err)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		ways, err := store.All[string](tx, `SELECT way FROM reading ORDER BY id`)
		if strings.Join(ways, " ") != "scanner correction" {
			t.Errorf("got ways %v, want the first read kept beside the correction", ways)
		}
		return err
	})
}

func TestTypedLineIsCheckedFieldByField(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 1)
	typed := func(in Typed) (r card.Record, err error) {
		err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
			r, err = RegisterTyped(tx, by, in)
			return err
		})
		return r, err
	}
	_, err := typed(Typed{NoticeNumber: "12", ApplicationID: "3", Birth: "きのう", PostalCode: "1", Kind: "nothing", Address: "1234-5678-9018", MadeOn: "x", Batch: b.Ref})
	p, _ := problem.As(err)
	for _, field := range []string{"notice_number", "application_id", "birth", "postal_code", "issue_kind", "name", "address", "made_on"} {
		if p == nil || p.Fields[field] == "" {
			t.Errorf("got nothing said about %s in %v", field, err)
		}
	}
	r, err := typed(Typed{NoticeNumber: "ａｂｃ１２３４５６", Name: "　髙橋　花子 ", Kind: "new", Birth: "昭和25年5月12日", Batch: b.Ref, Position: "箱2"})
	if err != nil || r.NoticeNumber != "ABC123456" || r.Birth.String() != "1950-05-12" || r.Name != "髙橋　花子" {
		t.Errorf("got %+v, %v, want it on record", r, err)
	}
	if again(t, st, b.Ref).Read != 1 {
		t.Error("want it counted in its batch")
	}
	_, err = typed(Typed{NoticeNumber: "ABC-123456", Name: "だれか", Kind: "new"})
	if p, _ := problem.As(err); !errors.Is(err, ReadBeforeInBatch) || p.Fields["notice_number"] == "" {
		t.Errorf("got %v for the same number, want it refused at the number", err)
	}
	if _, err := read(t, st, by, sample); !WasReadBefore(err) {
		t.Errorf("got %v for the code of a card that was typed, want it known", err)
	}
}
