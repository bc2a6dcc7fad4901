package intake

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

// town is a store with people on record, and what takes lists in.
type town struct {
	testing.TB
	st  *store.Store
	by  audit.Actor
	run *Runner
	at  *apptest.Clock
}

func newTown(t testing.TB) *town {
	t.Helper()
	st, clock := apptest.Store(t)
	w := &town{TB: t, st: st, at: clock, by: audit.Actor{Kind: audit.Staff, Ref: "hanako", StaffID: 1, Request: "r"}}
	apptest.Write(t, st, func(tx *store.Tx) error {
		if _, err := tx.Exec(`INSERT INTO staff (id, ref, staff_id, name, role, password_hash, must_change, created_at) VALUES (1, 'hanako', 'hanako', '花子', 'clerk', '', 0, '')`); err != nil {
			return err
		}
		return EnsureProfile(tx, w.by)
	})
	w.run = NewRunner(st, NewDictionary(st, slog.New(slog.DiscardHandler)), slog.New(slog.DiscardHandler))
	return w
}

// person registers a card; fields as in a payload of the guessed profile.
func (w *town) person(number, id, kind, name, kana, birth, address string) card.Record {
	w.Helper()
	var r card.Record
	apptest.Write(w.TB, w.st, func(tx *store.Tx) (err error) {
		r, err = ReadPayload(tx, w.by, strings.Join([]string{number, id, kind, name, kana, birth, "", address, "", "", ""}, ","))
		return err
	})
	return r
}

func (w *town) upload(l List, text string) File {
	w.Helper()
	in, err := Inspect(l, "meibo.csv", jp.AppendCP932(nil, text, nil))
	if err != nil {
		w.Fatal(err)
	}
	var ref store.Ref
	apptest.Write(w.TB, w.st, func(tx *store.Tx) (err error) {
		ref, err = Upload(tx, w.by, in)
		return err
	})
	return w.file(ref)
}

func (w *town) file(ref store.Ref) (f File) {
	w.Helper()
	apptest.Read(w.TB, w.st, func(tx *store.Tx) (err error) {
		f, err = GetFile(tx, ref)
		return err
	})
	return f
}

// match maps a file as guessed and waits until it is matched.
func (w *town) match(f File) File {
	w.Helper()
	columns, err := f.Columns()
	if err != nil {
		w.Fatal(err)
	}
	apptest.Write(w.TB, w.st, func(tx *store.Tx) error { return Map(tx, w.by, f.Ref, f.Version, f.Header, columns) })
	w.run.Match(f.Ref)
	w.run.Wait()
	return w.file(f.Ref)
}

func (w *town) take(l List, text string) File { w.Helper(); return w.match(w.upload(l, text)) }

// rows are a file's rows in short: number, outcome, reason, fields, marks.
func (w *town) rows(f File) (out []string) {
	w.Helper()
	apptest.Read(w.TB, w.st, func(tx *store.Tx) error {
		rows, err := Rows(tx, f, RowFilter{}, 1000, 0)
		for _, r := range rows {
			out = append(out, strings.TrimRight(fmt.Sprintf("%d %s/%s/%s/%s", r.Number, r.Outcome, r.Reason, r.Fields, r.Marks), "/"))
		}
		return err
	})
	return out
}

func (w *town) apply(f File) error {
	return w.st.Write(w.Context(), func(tx *store.Tx) error {
		n, err := CountToApply(tx, f)
		if err != nil {
			return err
		}
		return w.run.Apply(tx, w.by, f.Ref, f.Version, n)
	})
}

func (w *town) takeBack(f File) error {
	return w.st.Write(w.Context(), func(tx *store.Tx) error { return w.run.TakeBack(tx, w.by, f.Ref, f.Version) })
}

func (w *town) decide(f File, number int, d Decision) error {
	return w.st.Write(w.Context(), func(tx *store.Tx) error { return Decide(tx, w.by, f.Ref, number, d) })
}

func (w *town) record(r card.Record) (now card.Record) {
	w.Helper()
	apptest.Read(w.TB, w.st, func(tx *store.Tx) (err error) {
		now, err = card.GetByID(tx, r.Card.ID)
		return err
	})
	return now
}

func (w *town) want(got []string, want ...string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

const addressHeader = "交付通知書番号,申請書ID,氏名,フリガナ,生年月日,郵便番号,住所,方書\r\n"

func TestAddressListIsTiedAndCompared(t *testing.T) {
	w := newTown(t)
	hanako := w.person("ABC-000001", "11112222333344445555666", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	ichiro := w.person("ABC-000002", "21112222333344445555666", "01", "南部 一郎", "ナンブ イチロウ", "19890108", "青森県三戸郡南部町大字相内字荒井1")
	w.person("ABC-000003", "", "01", "佐藤 太郎", "サトウ タロウ", "20010203", "")
	w.person("ABC-000004", "", "01", "佐藤 多朗", "サトウ タロウ", "20010203", "")
	jiro := w.person("ABC-000005", "", "01", "鈴木 次郎", "スズキ ジロウ", "19700401", "")
	w.person("ABC-000006", "", "01", "同じ 三郎", "オナジ サブロウ", "19710401", "青森県三戸郡南部町大字剣吉字桜木2")
	f := w.take(AddressList, addressHeader+
		"abc000001,,高橋花子,,S25.5.12,,大字苫米地字下宿23-1,メゾン南部１０１\r\n"+ // 2
		",21112222333344445555666,南部一郎,,,,東京都千代田区千代田1-1,\r\n"+ // 3
		",,佐藤太郎,ｻﾄｳ ﾀﾛｳ,H13.2.3,,剣吉字桜木1,\r\n"+ // 4
		",,鈴木,スズキ　ジロウ,1970/4/1,,大字相内12-3,\r\n"+ // 5
		",,鈴木次郎,,,,剣吉1,\r\n"+ // 6: a name alone
		"ABC-000006,,同じ三郎,,,,青森県三戸郡南部町大字剣吉字桜木２,\r\n"+ // 7
		"ABC-999999,,だれか,ダレカ,19990101,,剣吉1,\r\n"+ // 8
		"ABC-000001,,高橋花子,,S25.5.12,,別の住所,\r\n"+ // 9
		"ABC-000002,,南部一郎,,19890109,,剣吉1,\r\n"+ // 10
		"ABC-000003,21112222333344445555666,,,,,剣吉1,\r\n"+ // 11
		"ABC-12,,,,,,剣吉1,\r\n"+ // 12
		"ABC-000005,,,,31日,,剣吉1,\r\n"+ // 13
		"ABC-000005,,,,,03908,剣吉1,\r\n"+ // 14
		"ABC-000005,,,,,,,\r\n"+ // 15
		"ABC-000005,,鈴木次郎\r\n") // 16
	w.want(w.rows(f),
		"2 ambiguous/twice_differently/address building postal_code",
		"3 differs//address/postal_unclear outside moved",
		"4 ambiguous/several",
		"5 ambiguous/confirm_kana_birth//postal_unclear",
		"6 defect/no_tie",
		"7 differs//postal_code",
		"8 absent",
		"9 duplicate/twice_differently/address/postal_unclear",
		"10 ambiguous/contradicts",
		"11 ambiguous/two_cards",
		"12 defect/notice_number_form", "13 defect/birth_form", "14 defect/postal_code_form", "15 defect/address_missing", "16 defect/sheet_short",
	)
	if err := w.decide(f, 6, Decision{Apply: true}); !errors.Is(err, RowNotOpen) {
		t.Errorf("a defect accepted: got %v, want RowNotOpen", err)
	}
	if err := w.decide(f, 4, Decision{Apply: true}); !errors.Is(err, RowNoChoice) {
		t.Errorf("nobody chosen: got %v, want RowNoChoice", err)
	}
	if err := w.decide(f, 4, Decision{Apply: true, CardID: hanako.Card.ID}); !errors.Is(err, RowNoChoice) {
		t.Errorf("somebody who is no candidate: got %v, want RowNoChoice", err)
	}
	for number, d := range map[int]Decision{2: {Apply: true}, 3: {}, 5: {Apply: true, CardID: jiro.Card.ID, PostalCode: "0390606"}} {
		if err := w.decide(f, number, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	if got := w.record(hanako); got.Address != "大字苫米地字下宿23-1" || got.Building != "メゾン南部１０１" || got.PostalCode != "0390802" {
		t.Errorf("got %+v", got.Recipient)
	}
	if got := w.record(jiro); got.Address != "大字相内12-3" || got.PostalCode != "0390606" {
		t.Errorf("got %+v", got.Recipient)
	}
	if got := w.record(ichiro); got.Address != "青森県三戸郡南部町大字相内字荒井1" {
		t.Errorf("a row that was refused is written: %+v", got.Recipient)
	}
}

const shortHeader = "交付通知書番号,住所\r\n"

func TestFileAppliedTwiceChangesNothing(t *testing.T) {
	w := newTown(t)
	hanako := w.person("ABC-000001", "", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	text := shortHeader + "ABC-000001,大字剣吉字桜木2\r\n"
	f := w.take(AddressList, text)
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	if err := w.apply(f); !errors.Is(err, ListStale) {
		t.Errorf("the same file again: got %v, want ListStale", err)
	}
	before := w.record(hanako)
	again := w.take(AddressList, text)
	w.want(w.rows(again), "2 same")
	if err := w.apply(again); !errors.Is(err, ListNothing) {
		t.Errorf("a copy of it: got %v, want ListNothing", err)
	}
	if now := w.record(hanako); now != before {
		t.Errorf("got %+v, want %+v", now, before)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		_, known, err := AppliedBefore(tx, again)
		if !known {
			t.Error("nobody is told that the file was applied before")
		}
		return err
	})
}

func TestNothingIsAppliedThatWasNotSeen(t *testing.T) {
	w := newTown(t)
	w.person("ABC-000001", "", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	f := w.upload(AddressList, shortHeader+"ABC-000001,大字剣吉字桜木2\r\n")
	apply := func(f File, expect int) error {
		return w.st.Write(t.Context(), func(tx *store.Tx) error { return w.run.Apply(tx, w.by, f.Ref, f.Version, expect) })
	}
	if err := apply(f, 1); !errors.Is(err, ListStale) {
		t.Errorf("not matched: got %v, want ListStale", err)
	}
	f = w.match(f)
	if err := apply(f, 2); !errors.Is(err, ListStale) {
		t.Errorf("another count on the page: got %v, want ListStale", err)
	}
	if err := w.decide(f, 2, Decision{}); err != nil {
		t.Fatal(err)
	}
	if err := apply(f, 1); !errors.Is(err, ListStale) {
		t.Errorf("a decision came in between: got %v, want ListStale", err)
	}
}

func TestLastFileIsTakenBack(t *testing.T) {
	w := newTown(t)
	hanako := w.person("ABC-000001", "", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "もとの住所")
	ichiro := w.person("ABC-000002", "", "01", "南部 一郎", "ナンブ イチロウ", "19890108", "")
	first := w.take(AddressList, shortHeader+"ABC-000001,大字剣吉字桜木2\r\nABC-000002,大字剣吉字桜木3\r\n")
	if err := w.apply(first); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Minute)
	second := w.take(AddressList, shortHeader+"ABC-000001,大字剣吉字桜木9\r\nABC-000002,大字剣吉字桜木9\r\n")
	if err := w.apply(second); err != nil {
		t.Fatal(err)
	}
	if err := w.takeBack(w.file(first.Ref)); !errors.Is(err, ListNotLast) {
		t.Errorf("not the last one: got %v, want ListNotLast", err)
	}
	// Somebody corrects one of the two meanwhile.
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		return card.CorrectContact(tx, w.by, ichiro.Card.Ref, card.Contact{Version: w.record(ichiro).PersonVersion, Address: "職員が直した住所"})
	})
	if err := w.takeBack(w.file(second.Ref)); err != nil {
		t.Fatal(err)
	}
	if got := w.record(hanako).Address; got != "大字剣吉字桜木2" {
		t.Errorf("got %q, want the address before", got)
	}
	if got := w.record(ichiro).Address; got != "職員が直した住所" {
		t.Errorf("got %q, want what staff wrote since to stay", got)
	}
	if err := w.takeBack(w.file(first.Ref)); err != nil {
		t.Fatal(err)
	}
	if got := w.record(hanako).Address; got != "もとの住所" {
		t.Errorf("got %q, want the very first address", got)
	}
}

func TestRecordChangedMeanwhileIsNotOverwritten(t *testing.T) {
	w := newTown(t)
	hanako := w.person("ABC-000001", "", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	f := w.take(AddressList, shortHeader+"ABC-000001,大字剣吉字桜木2\r\n")
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		return card.CorrectContact(tx, w.by, hanako.Card.Ref, card.Contact{Version: 1, Address: "職員が直した住所"})
	})
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	if got := w.record(hanako).Address; got != "職員が直した住所" {
		t.Errorf("got %q, want what staff wrote", got)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		got, err := Results(tx, f)
		if got["changed"] != 1 || got["applied"] != 0 {
			t.Errorf("got %v, want one row reported as changed meanwhile", got)
		}
		return err
	})
}

func TestCardsOfATornSheetAreRegistered(t *testing.T) {
	w := newTown(t)
	w.person("ABC-000001", "11112222333344445555666", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	const header = "交付通知書番号,申請書ID,交付区分,氏名,フリガナ,生年月日,住所\r\n"
	f := w.take(CardList, header+
		"ABC-000002,21112222333344445555666,更新,南部 一郎,ナンブ イチロウ,S50.1.8,大字剣吉字桜木2\r\n"+
		"ABC-000001,,新規,高橋花子,,S25.5.12,\r\n"+
		"ABC-000001,,新規,別人,,S25.5.12,\r\n"+
		"ABC-000003,11112222333344445555666,新規,別人,ベツジン,S30.1.1,\r\n"+
		"ABC-000004,,どれでもない,だれか,ダレカ,S30.1.1,\r\n"+
		"ABC-000005,,,だれか,ダレカ,,\r\n")
	w.want(w.rows(f), "2 new", "3 same/registered_before", "4 duplicate/twice_differently", "5 duplicate/twice_differently", "6 defect/kind_unknown", "7 defect/birth_form")
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
			n, err = store.One[int](tx, `SELECT (SELECT count(*) FROM card) * 100 + (SELECT count(*) FROM recipient) * 10 + (SELECT count(*) FROM reading)`)
			return err
		})
		return n
	}
	var r card.Record
	apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
		r, err = card.ByNoticeNumber(tx, "ABC000002")
		return err
	})
	if r.IssueKind != card.Renewal || r.Birth.Year != 1975 || r.PostalCode != "0390612" || count() != 222 {
		t.Errorf("got %+v, count %d", r, count())
	}
	if err := w.takeBack(w.file(f.Ref)); err != nil || count() != 111 {
		t.Errorf("taken back: got %v, count %d", err, count())
	}
}

func TestRenewalListIsKept(t *testing.T) {
	w := newTown(t)
	const header = "氏名,フリガナ,生年月日,有効期限,住所\r\n"
	f := w.take(RenewalList, header+"髙橋　花子,ﾀｶﾊｼ ﾊﾅｺ,S25.5.12,2026/12/31,剣吉1\r\n南部 一郎,,S50.1.8,,\r\nだれか,,,,\r\n")
	w.want(w.rows(f), "2 new", "3 new", "4 defect/no_tie")
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	w.at.Advance(time.Minute)
	g := w.take(RenewalList, header+"高橋花子,タカハシハナコ,19500512,2027/1/31,\r\n南部一郎,,19750108,,\r\n")
	w.want(w.rows(g), "2 differs//name expires_on", "3 differs//name")
	if err := w.apply(g); err != nil {
		t.Fatal(err)
	}
	names := func() (out []string) {
		apptest.Read(t, w.st, func(tx *store.Tx) error {
			all, err := card.RenewalTargets(tx)
			for _, x := range all {
				out = append(out, x.Name+" "+x.ExpiresOn.String()+" "+x.Address)
			}
			return err
		})
		return out
	}
	w.want(names(), "南部一郎  ", "高橋花子 2027-01-31 剣吉1")
	if err := w.takeBack(w.file(g.Ref)); err != nil {
		t.Fatal(err)
	}
	w.want(names(), "南部 一郎  ", "髙橋　花子 2026-12-31 剣吉1")
	if err := w.takeBack(w.file(f.Ref)); err != nil {
		t.Fatal(err)
	}
	w.want(names())
}

func TestMappingIsRememberedForFilesOfOneForm(t *testing.T) {
	w := newTown(t)
	f := w.upload(AddressList, "コード,ところ\r\nABC-000001,剣吉1\r\n")
	columns, err := f.Columns()
	if err != nil || !slices.Equal(columns, []FieldName{"", ""}) {
		t.Fatalf("got %q, %v, want nothing guessed", columns, err)
	}
	try := func(f File, header bool, columns ...FieldName) error {
		return w.st.Write(t.Context(), func(tx *store.Tx) error { return Map(tx, w.by, f.Ref, f.Version, header, columns) })
	}
	if err := try(f, true, NoticeNumber, ""); !errors.Is(err, ListMapping) {
		t.Errorf("no address: got %v, want ListMapping", err)
	}
	if err := try(f, true, Address, Address); !errors.Is(err, ListMapTwice) {
		t.Errorf("twice: got %v, want ListMapTwice", err)
	}
	if err := try(f, true, NoticeNumber, Address); err != nil {
		t.Fatal(err)
	}
	again := w.upload(AddressList, "コード,"+reasonColumn+",ところ\r\nABC-000009,形が違います,剣吉2\r\n")
	if columns, err = again.Columns(); err != nil || !slices.Equal(columns, []FieldName{NoticeNumber, "", Address}) {
		t.Errorf("got %q, %v, want the mapping of last time beside the column of reasons", columns, err)
	}
}

func TestMyNumberIsKeptNowhere(t *testing.T) {
	var with, without strings.Builder
	for i := range 30 {
		digits := []byte(fmt.Sprintf("%011d0", 12345678901+int64(i)*7919))
		for c := byte('0'); c <= '9'; c++ {
			if digits[11] = c; myNumberChecks(digits) {
				break
			}
		}
		fmt.Fprintf(&with, "ABC-%06d,剣吉1,%s\r\n", i, digits)
		fmt.Fprintf(&without, "ABC-%06d,剣吉1,%012d\r\n", i, i)
	}
	if _, err := Inspect(AddressList, "x.csv", []byte(with.String())); !errors.Is(err, ListMyNumber) {
		t.Errorf("got %v, want ListMyNumber", err)
	}
	if _, err := Inspect(AddressList, "x.csv", []byte(without.String())); err != nil {
		t.Errorf("other numbers of twelve digits: got %v", err)
	}
}

func TestContentsAreForgotten(t *testing.T) {
	w := newTown(t)
	w.person("ABC-000001", "", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	f := w.take(AddressList, shortHeader+"ABC-000001,大字剣吉字桜木2\r\n")
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	forget := func() (n int) {
		apptest.Write(t, w.st, func(tx *store.Tx) (err error) {
			n, err = ForgetLists(tx)
			return err
		})
		return n
	}
	w.at.Advance((KeptDays*24 - 1) * time.Hour)
	if n := forget(); n != 0 {
		t.Fatalf("%d files forgotten too early", n)
	}
	w.at.Advance(2 * time.Hour)
	if n := forget(); n != 1 {
		t.Errorf("got %d files forgotten, want 1", n)
	}
	if err := w.takeBack(w.file(f.Ref)); !errors.Is(err, ListForgotten) {
		t.Errorf("got %v, want ListForgotten", err)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM held_file) + (SELECT count(*) FROM held_row)`)
		if n != 0 {
			t.Errorf("got %d rows of contents, want none", n)
		}
		return err
	})
}

// Neither the log nor the tables that this package owns hold what a list says.
func TestNothingPersonalIsOutsideItsTables(t *testing.T) {
	w := newTown(t)
	w.person("ABC-000001", "11112222333344445555666", "01", "髙橋　花子", "タカハシ ハナコ", "19500512", "")
	f := w.take(AddressList, addressHeader+"ABC-000001,,高橋花子,ﾀｶﾊｼ ﾊﾅｺ,S25.5.12,,大字剣吉字桜木2,メゾン\r\n")
	if err := w.apply(f); err != nil {
		t.Fatal(err)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		texts, err := store.All[string](tx, `SELECT actor || action || subject || detail FROM audit
			UNION ALL SELECT found || mapping || counts || failure FROM roll_file
			UNION ALL SELECT reason || candidates || fields || marks || decision || result FROM roll_row
			UNION ALL SELECT signature || mapping FROM roll_template`)
		for _, text := range texts {
			for _, personal := range []string{"高橋", "髙橋", "タカハシ", "ﾀｶﾊｼ", "1950", "S25", "ABC", "剣吉", "メゾン", "1111222", "0390612", "meibo"} {
				if strings.Contains(text, personal) {
					t.Errorf("%q holds %q", text, personal)
				}
			}
		}
		return err
	})
}

// A day in a workbook is a number where its cell has no format.
func TestDaysOfAWorkbookAreReadAsNumbers(t *testing.T) {
	w := newTown(t)
	var book bytes.Buffer
	out, err := sheet.NewWriter(&book, sheet.Options{Format: sheet.XLSX})
	if err == nil {
		err = errors.Join(out.Write("交付通知書番号", "氏名", "生年月日"), out.Write("ABC-123456", "南部　一郎", "18395"),
			out.Write("ABC-123457", "南部　二郎", "183950"), out.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"meibo.xlsx", book.Bytes(), "[2 new 3 defect/birth_form]"},
		{"meibo.csv", jp.AppendCP932(nil, "交付通知書番号,氏名,生年月日\r\nABC-123456,南部　一郎,18395\r\n", nil), "[2 defect/birth_form]"},
	} {
		in, err := Inspect(CardList, c.name, c.body)
		if err != nil {
			t.Fatal(err)
		}
		var ref store.Ref
		apptest.Write(t, w.st, func(tx *store.Tx) (err error) { ref, err = Upload(tx, w.by, in); return err })
		f := w.match(w.file(ref))
		if got := fmt.Sprint(w.rows(f)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
		if c.name != "meibo.xlsx" {
			continue
		}
		if err := w.apply(f); err != nil {
			t.Fatal(err)
		}
		apptest.Read(t, w.st, func(tx *store.Tx) error {
			all, err := card.AllKnown(tx)
			if err == nil && (len(all) != 1 || all[0].Birth != jp.BirthDate{Year: 1950, Month: 5, Day: 12}) {
				t.Errorf("got %+v, want born on 1950-05-12", all)
			}
			return err
		})
	}
}
