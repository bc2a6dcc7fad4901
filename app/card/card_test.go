package card

import (
	"errors"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// office is a store with someone at the counter and one profile to register by.
func office(t *testing.T) (*store.Store, *apptest.Clock, audit.Actor) {
	st, clock := apptest.Store(t)
	by := audit.Actor{Kind: audit.Staff, Ref: "hanako", StaffID: 1, Request: "r"}
	apptest.Write(t, st, func(tx *store.Tx) error {
		for _, q := range []string{
			`INSERT INTO staff (id, ref, staff_id, name, role, password_hash, must_change, created_at) VALUES (1, 'hanako', 'hanako', '花子', 'clerk', '', 0, '')`,
			`INSERT INTO payload_profile (id, name, definition, active, made_at) VALUES (1, 'x', '{}', 1, '')`,
		} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	return st, clock, by
}

func register(t *testing.T, st *store.Store, by audit.Actor, number NoticeNumber, applicationID, name, kana, birth string) (r Record) {
	t.Helper()
	b, err := jp.ParseBirthDate(birth)
	if err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, st, func(tx *store.Tx) (err error) {
		r, err = Register(tx, by, Reading{Payload: []byte(number), ProfileID: 1,
			Card:      Card{NoticeNumber: number, ApplicationID: applicationID, IssueKind: NewIssue},
			Recipient: Recipient{Name: name, KanaName: kana, Birth: b}})
		return err
	})
	return r
}

func TestNoticeNumberIsReadAsPeopleWriteIt(t *testing.T) {
	for _, written := range []string{"ABC-123456", "abc123456", "ＡＢＣ－１２３４５６", " a b c - 1 2 3 4 5 6 ", "ABC—123456", "abcー123456"} {
		if got, err := ParseNoticeNumber(written); err != nil || got != "ABC123456" || got.String() != "ABC-123456" {
			t.Errorf("%q: got %q, %v, want ABC-123456", written, got, err)
		}
	}
	for _, wrong := range []string{"", "ABC12345", "ABC1234567", "ABCD12345", "あBC123456", "AB!123456"} {
		if got, err := ParseNoticeNumber(wrong); !errors.Is(err, ErrNoticeNumber) {
			t.Errorf("%q: got %q, %v, want ErrNoticeNumber", wrong, got, err)
		}
	}
}

func TestRefusedResidentsLearnNothing(t *testing.T) {
	st, clock, by := office(t)
	r := register(t, st, by, "ABC123456", "", "南部 一郎", "ナンブ イチロウ", "1950-05-12")
	right, wrong := r.Birth, jp.BirthDate{Year: 1950, Month: 5, Day: 13}
	signIn := func(n NoticeNumber, b jp.BirthDate) error {
		_, err := SignIn(t.Context(), st, "r", "", n, b)
		return err
	}
	if err := signIn("ABC123456", right); err != nil {
		t.Fatalf("got %v, want to be let in", err)
	}
	for n, b := range map[NoticeNumber]jp.BirthDate{"ABC123456": wrong, "ZZZ999999": right} {
		for i := range attempt.Most + 2 {
			if err := signIn(n, b); err != SignInRefused {
				t.Errorf("%s, try %d: got %v, want SignInRefused and nothing else", n, i, err)
			}
		}
	}
	if err := signIn("ABC123456", right); err != SignInRefused {
		t.Errorf("got %v, want the right date refused while closed", err)
	}
	clock.Advance(attempt.Block + time.Second)
	if err := signIn("ABC123456", right); err != nil {
		t.Errorf("got %v, want it open again", err)
	}
}

func TestUnknownDayOfBirthDoesNotLockOut(t *testing.T) {
	st, _, by := office(t)
	register(t, st, by, "ABC123456", "", "南部 一郎", "", "1950-05-00")
	for _, day := range []int{0, 1, 31} {
		if _, err := SignIn(t.Context(), st, "r", "", "ABC123456", jp.BirthDate{Year: 1950, Month: 5, Day: day}); err != nil {
			t.Errorf("day %d: got %v, want to be let in", day, err)
		}
	}
	if _, err := SignIn(t.Context(), st, "r", "", "ABC123456", jp.BirthDate{Year: 1951, Month: 5}); !errors.Is(err, SignInRefused) {
		t.Errorf("got %v, want SignInRefused for another year", err)
	}
}

func TestOneBoxFindsByAnything(t *testing.T) {
	st, _, by := office(t)
	register(t, st, by, "ABC123456", "11112222333344445555666", "髙橋　一郎", "タカハシ　イチロウ", "1950-05-12")
	register(t, st, by, "123456789", "99992222333344445555666", "山﨑 花子", "ﾔﾏｻﾞｷ ﾊﾅｺ", "1989-01-08")
	register(t, st, by, "XYZ000001", "", "NGUYEN THI 100%", "グエン ティ", "2001-02-03")
	for query, want := range map[string]string{
		"abc-123456": "髙橋　一郎", "123456": "髙橋　一郎", "3456": "髙橋　一郎", "123456789": "山﨑 花子", "６７８９": "山﨑 花子",
		"11112222333344445555666": "髙橋　一郎", "高橋": "髙橋　一郎", "高橋一郎": "髙橋　一郎", "山崎": "山﨑 花子", "やまざき": "山﨑 花子", "ハナコ": "山﨑 花子",
		"昭和25年5月12日": "髙橋　一郎", "S25.5.12": "髙橋　一郎", "19890108": "山﨑 花子", "h1.1.8": "山﨑 花子", "nguyen": "NGUYEN THI 100%",
		"100%": "NGUYEN THI 100%", "%": "NGUYEN THI 100%", "_": "", "": "", "999": "", "佐藤": "",
	} {
		apptest.Read(t, st, func(tx *store.Tx) error {
			found, err := Search(tx, query, 10)
			var names []string
			for _, r := range found {
				names = append(names, r.Name)
			}
			if got := strings.Join(names, "+"); got != want {
				t.Errorf("%q: got %q, want %q", query, got, want)
			}
			return err
		})
	}
}

func TestCardIsIssuedOnce(t *testing.T) {
	st, _, by := office(t)
	r := register(t, st, by, "ABC123456", "", "南部", "", "1950-05-12")
	issue := func(version int) error {
		return st.Write(t.Context(), func(tx *store.Tx) error {
			_, err := Issue(tx, by, r.Ref, version)
			return err
		})
	}
	if err := issue(r.Version + 1); !errors.Is(err, Stale) {
		t.Errorf("got %v, want Stale", err)
	}
	if err := issue(r.Version); err != nil {
		t.Errorf("got %v, want it issued", err)
	}
	if err := issue(r.Version + 1); !errors.Is(err, AlreadyIssued) {
		t.Errorf("got %v, want AlreadyIssued", err)
	}
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE card SET issued_at = '2026-12-24T00:00:00.000Z'`)
		return err
	})
	if !store.Broke(err, store.Trigger, "card_is_issued_once") {
		t.Errorf("got %v, want the schema to refuse a second issue", err)
	}
}

func TestContactIsCheckedFieldByField(t *testing.T) {
	st, _, by := office(t)
	r := register(t, st, by, "ABC123456", "", "南部", "", "1950-05-12")
	correct := func(c Contact) error {
		return st.Write(t.Context(), func(tx *store.Tx) error { return CorrectContact(tx, by, r.Ref, c) })
	}
	err := correct(Contact{Version: r.PersonVersion, PostalCode: "039-08", Telephone: "17x", Address: strings.Repeat("長", 201)})
	p, _ := problem.As(err)
	if p == nil || len(p.Fields) != 3 {
		t.Fatalf("got %v, want a problem on each of three fields", err)
	}
	if err := correct(Contact{Version: r.PersonVersion, PostalCode: "〒０３９－０８０２", Telephone: "０１７８－００－０００１", Address: " 苫米地 "}); err != nil {
		t.Fatal(err)
	}
	if err := correct(Contact{Version: r.PersonVersion}); !errors.Is(err, Stale) {
		t.Errorf("got %v, want Stale", err)
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		got, err := Get(tx, r.Ref)
		if got.PostalCode != "0390802" || got.Telephone != "0178-00-0001" || got.Address != "苫米地" {
			t.Errorf("got %+v", got.Recipient)
		}
		return err
	})
}

// Entries of the log carry references only, whatever was done.
func TestAuditHoldsNothingPersonal(t *testing.T) {
	st, _, by := office(t)
	r := register(t, st, by, "ABC123456", "11112222333344445555666", "南部 一郎", "ナンブ", "1950-05-12")
	apptest.Write(t, st, func(tx *store.Tx) error {
		return errors.Join(
			CorrectContact(tx, by, r.Ref, Contact{Version: 1, Telephone: "0178-00-0001", Address: "苫米地字下宿"}),
			AddNote(tx, by, r.Ref, "耳が遠い"))
	})
	if _, err := SignIn(t.Context(), st, "r", "", "ABC123456", jp.BirthDate{Year: 1950, Month: 5, Day: 1}); err == nil {
		t.Fatal("let in with a wrong date")
	}
	apptest.Read(t, st, func(tx *store.Tx) error {
		entries, err := store.All[string](tx, `SELECT actor || ' ' || action || ' ' || subject || ' ' || detail FROM audit`)
		if len(entries) < 4 {
			t.Errorf("got %d entries, want one for each write", len(entries))
		}
		for _, e := range entries {
			for _, personal := range []string{"南部", "ナンブ", "1950", "ABC", "1111222", "0178", "苫米地", "耳"} {
				if strings.Contains(e, personal) {
					t.Errorf("entry %q holds %q", e, personal)
				}
			}
		}
		return err
	})
}
