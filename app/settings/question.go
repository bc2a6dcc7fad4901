package settings

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// Question is something that people often ask, with the answer (よくある質問).
type Question struct {
	ID        int64
	Ref       store.Ref
	Question  string
	Answer    string
	Position  int // order on the page; gaps are usual
	ChangedAt time.Time
	Version   int
}

func (q Question) subject() audit.Subject { return audit.Subject{Kind: "question", Ref: q.Ref} }

const questionColumns = `id, ref, question, answer, position, changed_at, version`

// Questions lists them in the town's order.
func Questions(tx *store.Tx) ([]Question, error) {
	return store.All[Question](tx, `SELECT `+questionColumns+` FROM question ORDER BY position, id`)
}

// QuestionByRef finds one. Problem: NoticeNotFound.
func QuestionByRef(tx *store.Tx, ref store.Ref) (Question, error) {
	q, err := store.One[Question](tx, `SELECT `+questionColumns+` FROM question WHERE ref = ?`, ref)
	return q, foundNotice(err)
}

// SaveQuestion adds a question without a Ref at the end, or writes one with the
// Ref and Version that it was shown with. Problems: NoticeMissing and
// NoticeTooLong on question, answer; NoticeNotFound, NoticeStale.
func SaveQuestion(tx *store.Tx, by audit.Actor, q Question) (Question, error) {
	f := faults{}
	q.Question, q.Answer = f.text("question", q.Question, 2*titleLength, true), f.text("answer", q.Answer, bodyLength, true)
	if err := f.err(); err != nil {
		return q, err
	}
	action := audit.QuestionChanged
	if q.Ref == "" {
		q.Ref, action = store.NewRef(), audit.QuestionAdded
		_, err := tx.Insert(`INSERT INTO question (ref, question, answer, position, changed_at)
			VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM question), ?)`, q.Ref, q.Question, q.Answer, tx.Now)
		if err != nil {
			return q, fmt.Errorf("add question: %w", err)
		}
	} else {
		if _, err := QuestionByRef(tx, q.Ref); err != nil {
			return q, err
		}
		n, err := tx.Exec(`UPDATE question SET question = ?, answer = ?, changed_at = ?, version = version + 1
			WHERE ref = ? AND version = ?`, q.Question, q.Answer, tx.Now, q.Ref, q.Version)
		if err := changedOne(n, err); err != nil {
			return q, fmt.Errorf("change question: %w", err)
		}
	}
	if err := audit.Record(tx, by, action, q.subject(), nil); err != nil {
		return q, err
	}
	return QuestionByRef(tx, q.Ref)
}

// RemoveQuestion takes a question away. Problems: NoticeNotFound, NoticeStale.
func RemoveQuestion(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	q, err := QuestionByRef(tx, ref)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`DELETE FROM question WHERE ref = ? AND version = ?`, ref, version)
	if err := changedOne(n, err); err != nil {
		return fmt.Errorf("remove question: %w", err)
	}
	return audit.Record(tx, by, audit.QuestionRemoved, q.subject(), nil)
}

// RaiseQuestion lets a question change places with the one before it; the first
// stays. Problem: NoticeNotFound.
func RaiseQuestion(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	q, err := QuestionByRef(tx, ref)
	if err != nil {
		return err
	}
	before, err := store.One[Question](tx, `SELECT `+questionColumns+` FROM question
		WHERE position < ? ORDER BY position DESC, id DESC LIMIT 1`, q.Position)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, move := range []struct {
		id int64
		to int
	}{{q.ID, before.Position}, {before.ID, q.Position}} {
		if _, err := tx.Exec(`UPDATE question SET position = ? WHERE id = ?`, move.to, move.id); err != nil {
			return fmt.Errorf("raise question: %w", err)
		}
	}
	return audit.Record(tx, by, audit.QuestionRaised, q.subject(), nil)
}

// usualQuestions are what residents of every town ask about the receipt of a card.
var usualQuestions = []Question{
	{Question: "はがき（交付通知書）をなくしました。", Answer: "画面では予約できません。役所へお電話ください。ご本人を確かめたうえで、予約をお取りします。"},
	{Question: "家族の分もまとめて予約できますか。", Answer: "できます。場所を選ぶ画面の「ご家族などの分も、いっしょに予約する」から、一人ずつ番号と生年月日を入れてください。"},
	{Question: "本人が行けないときは、どうすればよいですか。", Answer: "病気や障害、施設への入所など、やむを得ない理由があるときは、代理のかたが受け取れることがあります。必要な書類は、予約のあとの画面で「代理人」を選ぶと出ます。"},
	{Question: "予約の時間に遅れそうです。", Answer: "お電話ください。混み具合によっては、お待ちいただくことがあります。"},
	{Question: "電子証明書の更新と、カードの更新は違うのですか。", Answer: "違います。電子証明書の有効期限は5回目の誕生日で、いまのカードのまま窓口で更新します。カードの有効期限は10回目（未成年のかたは5回目）の誕生日で、新しいカードを申請し、はがきが届いてから受け取ります。"},
}

// EnsureQuestions gives a town that has no questions yet the usual ones.
func EnsureQuestions(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT (SELECT count(*) FROM question) + (SELECT count(*) FROM audit WHERE subject_kind = 'question')`)
	if err != nil || n > 0 {
		return err
	}
	for _, q := range usualQuestions {
		if _, err := SaveQuestion(tx, by, q); err != nil {
			return err
		}
	}
	return nil
}
