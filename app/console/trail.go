package console

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// trailLength is how many entries of the audit log a recipient's page shows.
const trailLength = 10

// trailLine is one entry of the audit log about a person, in words.
type trailLine struct{ At, What, Who string }

var trailWords = map[audit.Action]string{
	audit.SignedIn:         "予約サイトにログイン",
	audit.SignInFailed:     "予約サイトへのログインに失敗",
	audit.SignInReleased:   "ログインの停止を解除",
	audit.CardRead:         "一覧のQRコードを読取り",
	audit.CardCorrected:    "一覧のQRコードの内容に登録を訂正",
	audit.CardShelved:      "棚・箱を変更",
	audit.CardIssued:       "交付済みに変更",
	audit.ContactCorrected: "連絡先を訂正",
	audit.NoteWritten:      "申し送りを記入",
	audit.Booked:           "予約",
	audit.BookingChanged:   "予約を変更",
	audit.BookingCancelled: "予約を取消",
	audit.BookingDone:      "予約を来庁済みに変更",
	audit.BookingHeld:      "枠を仮押さえ",
	audit.HoldMoved:        "仮押さえを別の枠に変更",
	audit.HoldExpired:      "仮押さえの期限切れ",
	audit.HoldReleased:     "仮押さえを解除",
	audit.BookingTied:      "予約をカードと結び付け",
	audit.ComerSet:         "来るかたを変更",
	audit.CheckedIn:        "来庁を受付",
	audit.BookingCalled:    "窓口へ呼出し",
	audit.PapersMissing:    "書類不足で終了",
	audit.NoShow:           "来庁なしに変更",
	audit.StepUndone:       "直前の操作を取消",
	audit.WaitingJoined:    "キャンセル待ちに登録",
	audit.WaitingLeft:      "キャンセル待ちを取りやめ",
	audit.WaitingRemoved:   "キャンセル待ちから削除",
	audit.WaitingMovedUp:   "キャンセル待ちの順番を繰上げ",
	audit.WaitingOffered:   "キャンセル待ちの枠を案内",
	audit.WaitingTaken:     "キャンセル待ちの枠を予約",
	audit.WaitingDeclined:  "キャンセル待ちの枠を辞退",
	audit.WaitingExpired:   "キャンセル待ちの案内が期限切れ",
	audit.MailQueued:       "メールを送信待ちに追加",
	audit.MailProposed:     "メールアドレスを入力（確認待ち）",
	audit.MailConfirmed:    "メールアドレスを確認",
	audit.MailForgotten:    "メールアドレスを削除",
}

// trailOf tells what was done with some subjects, newest first; cut is true
// when there is more than trailLength.
func trailOf(tx *store.Tx, subjects ...audit.Subject) (trail []trailLine, cut bool, err error) {
	var entries []audit.Entry
	for _, s := range subjects {
		of, err := audit.Of(tx, s)
		if err != nil {
			return nil, false, err
		}
		entries = append(entries, of...)
	}
	slices.SortFunc(entries, func(a, b audit.Entry) int { return cmp.Compare(b.ID, a.ID) })
	if cut = len(entries) > trailLength; cut {
		entries = entries[:trailLength]
	}
	names, err := staffNames(tx)
	if err != nil {
		return nil, false, err
	}
	for _, e := range entries {
		what, err := trailText(tx, e)
		if err != nil {
			return nil, false, err
		}
		trail = append(trail, trailLine{At: recently(e.At), What: what, Who: actorName(e, names)})
	}
	return trail, cut, nil
}

// readWords are for cards that came on record otherwise than by a scanner.
var readWords = map[card.Way]string{
	card.ByPicture: "一覧の画像から登録", card.ByHand: "一覧を見て手入力で登録", card.ByCSV: "CSVから登録",
}

// trailText is what an entry says; of a booking also which slot, if it is still known.
func trailText(tx *store.Tx, e audit.Entry) (string, error) {
	what, known := trailWords[e.Action]
	if !known {
		what = string(e.Action)
	}
	var detail struct {
		Slot, From store.Ref
		Way        card.Way
	}
	if err := json.Unmarshal([]byte(e.Detail), &detail); err != nil {
		return "", fmt.Errorf("audit entry %d: %w", e.ID, err)
	}
	if other, ok := readWords[detail.Way]; ok && e.Action == audit.CardRead {
		what = other
	}
	to, err := trailSlot(tx, detail.Slot)
	if err != nil || to == "" {
		return what, err
	}
	from, err := trailSlot(tx, detail.From)
	if err != nil {
		return "", err
	}
	if from != "" {
		to = from + " → " + to
	}
	return what + "（" + to + "）", nil
}

func trailSlot(tx *store.Tx, ref store.Ref) (string, error) {
	if ref == "" {
		return "", nil
	}
	s, err := booking.SlotByRef(tx, ref)
	if errors.Is(err, booking.SlotNotFound) {
		return "", nil
	}
	return slotTime(s), err
}

func staffNames(tx *store.Tx) (map[store.Ref]string, error) {
	accounts, err := staff.List(tx)
	if err != nil {
		return nil, err
	}
	names := map[store.Ref]string{}
	for _, a := range accounts {
		names[a.Ref] = a.Name
	}
	return names, nil
}

func actorName(e audit.Entry, names map[store.Ref]string) string {
	switch e.ActorKind {
	case audit.Resident:
		return "予約サイト（本人）"
	case audit.Staff:
		return names[e.Actor]
	}
	return "システム"
}
