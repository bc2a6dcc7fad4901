package intake

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/qr"
	qrdraw "madoguchi/app/qr/draw"
	"madoguchi/store"
)

// TestMain turns the test program into the child process that decodes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "qr-worker" {
		os.Exit(qr.WorkerMain(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// codesPage is a page with the codes of payloads below one another.
func codesPage(t *testing.T, payloads ...string) *image.Gray {
	t.Helper()
	page := image.NewGray(image.Rect(0, 0, 500, 400*len(payloads)+20))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i, payload := range payloads {
		symbol, err := qrdraw.QR(payload)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := symbol.PNG(4)
		if err != nil {
			t.Fatal(err)
		}
		code, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		draw.Draw(page, code.Bounds().Add(image.Pt(40, 10+400*i)), code, code.Bounds().Min, draw.Src)
	}
	return page
}

// pagesFile is a TIFF file of several pages, uncompressed (TIFF 6.0).
func pagesFile(pages ...*image.Gray) []byte {
	le := binary.LittleEndian
	file := []byte{'I', 'I', 42, 0, 0, 0, 0, 0}
	next := 4 // where the offset of the next directory stands
	for _, p := range pages {
		strip := len(file)
		file = append(file, p.Pix...)
		le.PutUint32(file[next:], uint32(len(file)))
		tags := [][3]uint32{{256, 4, uint32(p.Rect.Dx())}, {257, 4, uint32(p.Rect.Dy())}, {258, 3, 8}, {259, 3, 1}, {262, 3, 1},
			{273, 4, uint32(strip)}, {278, 4, uint32(p.Rect.Dy())}, {279, 4, uint32(len(p.Pix))}}
		file = le.AppendUint16(file, uint16(len(tags)))
		for _, tag := range tags {
			file = le.AppendUint16(file, uint16(tag[0]))
			file = le.AppendUint16(file, uint16(tag[1]))
			file = le.AppendUint32(file, 1)
			file = le.AppendUint32(file, tag[2])
		}
		next = len(file)
		file = le.AppendUint32(file, 0)
	}
	return file
}

func payloadOf(number string) string {
	return strings.NewReplacer("ABC-123456", "ABC-"+number, "12345678901234567890123", "12345678901234567"+number).Replace(sample)
}

func pictureReader(t *testing.T, st *store.Store) *Reader {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(st, slog.New(slog.DiscardHandler), exe, t.TempDir(), "qr-worker")
	r.Codes.Limits.Page, r.Codes.Limits.Open = 3*time.Minute, 3*time.Minute // leaves room for the race detector
	return r
}

func handIn(t *testing.T, st *store.Store, by audit.Actor, b Batch, body []byte) (f card.ListFile) {
	t.Helper()
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		f, err = card.AddListFile(tx, by, b.ID, "一覧.tif", body)
		return err
	})
	return f
}

func fileNow(t *testing.T, st *store.Store, ref store.Ref) (f card.ListFile, plans []Plan) {
	t.Helper()
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		if f, err = card.ListFileByRef(tx, ref); err != nil {
			return err
		}
		plans, err = Plans(tx, f)
		return err
	})
	return f, plans
}

func TestListFileIsReadAndNothingIsOnRecordBeforeAPersonHasSeenIt(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 3)
	if _, err := read(t, st, by, payloadOf("000001")); err != nil {
		t.Fatal(err)
	}
	f := handIn(t, st, by, b, pagesFile(codesPage(t, payloadOf("000001"), payloadOf("000002")),
		codesPage(t, payloadOf("000003"), payloadOf("000002"), "no list at all")))
	r := pictureReader(t, st)
	if !r.ReadNext(t.Context()) || r.ReadNext(t.Context()) {
		t.Fatal("want one file read and then none left")
	}
	f, plans := fileNow(t, st, f.Ref)
	if f.State != card.ListRead || f.PagesRead != 2 || len(plans) != 5 {
		t.Fatalf("got %+v with %d places, want two pages read with five", f, len(plans))
	}
	for i, want := range []error{ReadBefore, nil, nil, TwiceInFile, TooShort} {
		if p := plans[i]; want == nil && (!p.Ready() || p.Disputed() || p.KindName != "更新") || want != nil && !errors.Is(p.Problem, want) {
			t.Errorf("place %d: got %v, ready %v, agreed %s, want %v", i+1, p.Problem, p.Ready(), p.Agree, want)
		}
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM card`)
		if n != 1 {
			t.Errorf("got %d cards before anyone looked, want the one from before", n)
		}
		body, err2 := store.One[int](tx, `SELECT count(*) FROM list_file WHERE body IS NOT NULL`)
		if body != 0 {
			t.Errorf("got %d files kept though their pages are read", body)
		}
		picture, err3 := card.ListPicture(tx, f.Ref, 2)
		if len(picture) == 0 {
			t.Error("got no picture of page 2")
		}
		return errors.Join(err, err2, err3)
	})
	apply := func() (done Applied, err error) {
		f, _ := fileNow(t, st, f.Ref)
		err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
			done, err = Apply(tx, by, f.Ref, f.Version, nil)
			return err
		})
		return done, err
	}
	if done, err := apply(); err != nil || done != (Applied{Registered: 2, Before: 2, Refused: 1}) {
		t.Errorf("got %+v, %v, want two on record, two from before, one refused", done, err)
	}
	if done, err := apply(); err != nil || done != (Applied{}) {
		t.Errorf("the second time: got %+v, %v, want nothing to do", done, err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error {
		_, err := TypePlace(tx, by, f.Ref, 2, 3, Typed{NoticeNumber: "XYZ-000009", Name: "手入力", Kind: "new"})
		return err
	})
	if again(t, st, b.Ref).Read != 3 {
		t.Errorf("got %d read into the batch, want 3", again(t, st, b.Ref).Read)
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error { return CloseBatch(tx, by, b.Ref, again(t, st, b.Ref).Version) })
	if !errors.Is(err, BatchUnread) {
		t.Errorf("got %v with a picture lying about, want BatchUnread", err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error { return card.PutAway(tx, by, f.Ref, f.Version) })
	apptest.Read(t, st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM list_code WHERE payload IS NOT NULL OR raw IS NOT NULL) +
			(SELECT count(*) FROM list_page WHERE picture IS NOT NULL OR found IS NOT NULL) + (SELECT count(*) FROM list_file WHERE name <> '')`)
		if n != 0 {
			t.Errorf("got %d things left of a file that was put away", n)
		}
		return err
	})
}

func TestReadingGoesOnAfterARestart(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	f := handIn(t, st, by, b, pagesFile(codesPage(t, payloadOf("000001")), codesPage(t, payloadOf("000002")), codesPage(t, payloadOf("000003"))))
	ctx, stop := context.WithCancel(t.Context())
	first := make(chan struct{})
	go func() {
		defer close(first)
		pictureReader(t, st).ReadNext(ctx)
	}()
	for { // until page 1 is kept; then the machine goes
		now, _ := fileNow(t, st, f.Ref)
		if now.PagesRead >= 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	<-first
	middle, _ := fileNow(t, st, f.Ref)
	if middle.State == card.ListRead {
		t.Log("it was quicker than the stop") // as good: nothing to go on with
	}
	pictureReader(t, st).ReadNext(t.Context())
	f, plans := fileNow(t, st, f.Ref)
	if f.State != card.ListRead || f.PagesRead != 3 || len(plans) != 3 {
		t.Fatalf("got %+v with %d places, want all three pages", f, len(plans))
	}
	for i, p := range plans {
		if p.Page != i+1 || !p.Ready() {
			t.Errorf("got %+v, want the code of page %d ready", p.ListCode, i+1)
		}
	}
}

func TestPageThatEndsTheProgramIsGivenUp(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	f := handIn(t, st, by, b, pagesFile(codesPage(t, payloadOf("000001")), codesPage(t, payloadOf("000002"))))
	apptest.Write(t, st, func(tx *store.Tx) error {
		next, _, _, err := card.NextListFile(tx)
		if err != nil {
			return err
		}
		next.Pages = 2
		if err := card.BeginListFile(tx, by, next); err != nil {
			return err
		}
		if err := card.KeepListPage(tx, by, next, card.ListPage{Number: 1, Width: 1, Height: 1, Found: []byte(`{"number":1,"codes":[]}`)}, nil); err != nil {
			return err
		}
		for range mostStarts {
			if err := card.BeginListFile(tx, by, next); err != nil {
				return err
			}
		}
		return nil
	})
	pictureReader(t, st).ReadNext(t.Context())
	apptest.Read(t, st, func(tx *store.Tx) error {
		f, err := card.ListFileByRef(tx, f.Ref)
		if err != nil {
			return err
		}
		pages, err := card.ListPages(tx, f.ID)
		if f.State != card.ListRead || len(pages) != 2 || pages[1].Refusal != string(qr.Crashed) {
			t.Errorf("got %+v, %+v, want page 2 given up and the file ended", f, pages)
		}
		return err
	})
}

func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	r := pictureReader(t, st)
	for want, body := range map[qr.Refusal][]byte{
		qr.UnknownFormat: []byte("<html>not a picture</html>"),
		qr.Damaged:       []byte("II*\x00\xff\xff\xff\xff"),
		qr.HEIC:          []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
	} {
		f := handIn(t, st, by, b, body)
		r.ReadNext(t.Context())
		now, _ := fileNow(t, st, f.Ref)
		if now.State != card.ListRefused || now.Refusal != string(want) {
			t.Errorf("got %s %q, want it refused as %s", now.State, now.Refusal, want)
		}
	}
}

func TestMyNumberOnAPictureIsKeptNowhere(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	f := handIn(t, st, by, b, pagesFile(codesPage(t, strings.Replace(sample, "苫米地", "123456789018 苫米地", 1))))
	pictureReader(t, st).ReadNext(t.Context())
	_, plans := fileNow(t, st, f.Ref)
	if len(plans) != 1 || plans[0].Role != card.Unread || plans[0].Payload != nil || plans[0].Raw != nil {
		t.Errorf("got %+v, want a place without a value", plans)
	}
}

func TestFilesAndSymbolsThatNobodyFinishesGo(t *testing.T) {
	st, by := desk(t)
	b := batchToday(t, st, by, 0)
	f := handIn(t, st, by, b, []byte("x"))
	apptest.Write(t, st, func(tx *store.Tx) error { return card.KeepPart(tx, by, card.Part{Number: 1, Of: 2, Payload: "x"}) })
	tidy := func(after time.Duration) {
		apptest.Write(t, st, func(tx *store.Tx) error {
			defer func(now time.Time) { tx.Now = now }(tx.Now)
			tx.Now = tx.Now.Add(after)
			return Tidy(tx)
		})
	}
	tidy(time.Hour)
	if now, _ := fileNow(t, st, f.Ref); now.State != card.ListWaiting {
		t.Errorf("got %s after an hour, want it kept", now.State)
	}
	tidy(card.ListFileLife + time.Hour)
	if now, _ := fileNow(t, st, f.Ref); now.State != card.ListDone {
		t.Errorf("got %s after its time, want it put away", now.State)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		waiting, err := PartsWaiting(tx, by.StaffID)
		if waiting != nil {
			t.Errorf("got %+v, want the symbols gone", waiting)
		}
		return err
	})
}
