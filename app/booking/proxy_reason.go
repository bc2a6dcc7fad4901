package booking

import (
	"fmt"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// ProxyReason is a reason for which someone may come in the holder's place
// (代理人の理由), with the papers that show it. Work or being busy is none
// (個人番号カード交付等事務処理要領); which others count is the town's data.
type ProxyReason struct {
	ID        int64
	Ref       store.Ref
	Code      string // names a reason that every town has; "" for the town's own
	Name      string
	Papers    string // one paper a line
	Position  int    // order on lists
	RetiredAt time.Time
	Version   int
}

// Retired reports whether the reason is no longer accepted.
func (r ProxyReason) Retired() bool { return !r.RetiredAt.IsZero() }

// Standard reports whether the reason still reads as every town has it, so that
// its translations hold.
func (r ProxyReason) Standard() bool {
	for _, s := range standardReasons {
		if s.Code == r.Code {
			return s.Name == r.Name
		}
	}
	return false
}

// Lines are the papers, one by one.
func (r ProxyReason) Lines() (papers []string) {
	for line := range strings.Lines(r.Papers) {
		if line = strings.TrimSpace(line); line != "" {
			papers = append(papers, line)
		}
	}
	return papers
}

func (r ProxyReason) subject() audit.Subject {
	return audit.Subject{Kind: "proxy_reason", Ref: r.Ref}
}

const reasonColumns = `id, ref, code, name, papers, position, retired_at, version`

// ProxyReasons lists the reasons that are accepted, in the town's order.
func ProxyReasons(tx *store.Tx) ([]ProxyReason, error) {
	return store.All[ProxyReason](tx, `SELECT `+reasonColumns+` FROM proxy_reason WHERE retired_at IS NULL ORDER BY position, id`)
}

// AllProxyReasons lists retired reasons too, after those that are accepted.
func AllProxyReasons(tx *store.Tx) ([]ProxyReason, error) {
	return store.All[ProxyReason](tx, `SELECT `+reasonColumns+` FROM proxy_reason ORDER BY retired_at IS NOT NULL, position, id`)
}

// ProxyReasonByRef finds a reason, a retired one too. Problem: ProxyReasonNotFound.
func ProxyReasonByRef(tx *store.Tx, ref store.Ref) (ProxyReason, error) {
	r, err := store.One[ProxyReason](tx, `SELECT `+reasonColumns+` FROM proxy_reason WHERE ref = ?`, ref)
	return found(r, err, ProxyReasonNotFound)
}

// ReasonOf is why a proxy comes to a booking; false while none was said. A
// reason that was retired since stays that of the bookings that have it.
func ReasonOf(tx *store.Tx, b Booking) (ProxyReason, bool, error) {
	if b.ProxyReasonID == 0 {
		return ProxyReason{}, false, nil
	}
	r, err := proxyReasonByID(tx, b.ProxyReasonID)
	return r, err == nil, err
}

func proxyReasonByID(tx *store.Tx, id int64) (ProxyReason, error) {
	r, err := store.One[ProxyReason](tx, `SELECT `+reasonColumns+` FROM proxy_reason WHERE id = ?`, id)
	return found(r, err, ProxyReasonNotFound)
}

// accepted finds the reason that somebody chose; the zero reason for "".
// Problem on "reason": ProxyReasonUnknown.
func accepted(tx *store.Tx, ref store.Ref) (ProxyReason, error) {
	if ref == "" {
		return ProxyReason{}, nil
	}
	r, err := store.One[ProxyReason](tx, `SELECT `+reasonColumns+` FROM proxy_reason WHERE ref = ? AND retired_at IS NULL`, ref)
	return found(r, err, ProxyReasonUnknown.On("reason"))
}

// AddProxyReason adds a reason at the end of the list. Problems on name, papers:
// NameMissing, NameTaken, ProxyPapersMissing, card.TooLong.
func AddProxyReason(tx *store.Tx, by audit.Actor, r ProxyReason) (ProxyReason, error) {
	if err := r.check(); err != nil {
		return r, err
	}
	r.Ref = store.NewRef()
	if _, err := tx.Insert(`INSERT INTO proxy_reason (ref, code, name, papers, position)
		VALUES (?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM proxy_reason))`, r.Ref, r.Code, r.Name, r.Papers); err != nil {
		return r, fmt.Errorf("add proxy reason: %w", named(err, "proxy_reason.name"))
	}
	if err := audit.Record(tx, by, audit.ProxyReasonAdded, r.subject(), nil); err != nil {
		return r, err
	}
	return ProxyReasonByRef(tx, r.Ref)
}

// EditProxyReason writes name, papers and position to the reason with r's Ref
// and Version. Problems: AddProxyReason's, ProxyReasonNotFound, SetupStale.
func EditProxyReason(tx *store.Tx, by audit.Actor, r ProxyReason) error {
	if _, err := ProxyReasonByRef(tx, r.Ref); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	err := changed(tx.Exec(`UPDATE proxy_reason SET name = ?, papers = ?, position = ?, version = version + 1
		WHERE ref = ? AND version = ? AND retired_at IS NULL`, r.Name, r.Papers, r.Position, r.Ref, r.Version))
	if err != nil {
		return fmt.Errorf("edit proxy reason: %w", named(err, "proxy_reason.name"))
	}
	return audit.Record(tx, by, audit.ProxyReasonChanged, r.subject(), nil)
}

// RetireProxyReason stops accepting a reason. Bookings that have it keep it.
// Problems: ProxyReasonNotFound, SetupStale.
func RetireProxyReason(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	r, err := ProxyReasonByRef(tx, ref)
	if err != nil {
		return err
	}
	err = changed(tx.Exec(`UPDATE proxy_reason SET retired_at = ?, version = version + 1 WHERE ref = ? AND version = ? AND retired_at IS NULL`,
		tx.Now, ref, version))
	if err != nil {
		return fmt.Errorf("retire proxy reason: %w", err)
	}
	return audit.Record(tx, by, audit.ProxyReasonRetired, r.subject(), nil)
}

func (r *ProxyReason) check() error {
	var f faults
	r.Name = f.name("name", r.Name)
	r.Papers = f.text("papers", strings.Join(r.Lines(), "\n"), textLength)
	if r.Papers == "" {
		f.add("papers", ProxyPapersMissing)
	}
	return f.err()
}

// standardReasons are those that towns accept, with what they ask to see.
var standardReasons = []ProxyReason{
	{Code: "guardianship", Name: "成年被後見人・被保佐人・被補助人・任意被後見人", Papers: "登記事項証明書など、成年後見などを受けていることが分かる書類"},
	{Code: "child", Name: "未就学児・小学生・中学生", Papers: "本人の年齢が分かる書類（資格確認書、こども医療費の受給者証など）"},
	{Code: "student", Name: "高校生・高専生", Papers: "学生証または在学証明書"},
	{Code: "aged", Name: "75歳以上のかた", Papers: "本人の年齢が分かる本人確認書類"},
	{Code: "hospital", Name: "長期に入院しているかた", Papers: "入院していることが分かる書類（診断書、入院診療計画書、入院費の領収書など）"},
	{Code: "disability", Name: "障害のあるかた", Papers: "障害者手帳（身体障害者手帳、療育手帳、精神障害者保健福祉手帳）または自立支援医療の受給者証"},
	{Code: "facility", Name: "施設に入所しているかた", Papers: "入所していることが分かる書類（施設の入所証明書、契約書など）"},
	{Code: "care", Name: "要介護・要支援の認定を受けているかた", Papers: "介護保険の被保険者証または認定結果の通知書（要介護・要支援の区分が分かるもの）"},
	{Code: "pregnant", Name: "妊娠しているかた", Papers: "母子健康手帳または妊婦健診の受診票"},
	{Code: "away", Name: "長期の出張・航行などで来られないかた", Papers: "長期の出張や航行が分かる書類（勤務先の証明書、船員手帳など）"},
	{Code: "abroad", Name: "海外に留学しているかた", Papers: "留学していることが分かる書類（留学先の在学証明書、査証の写しなど）"},
	{Code: "withdrawn", Name: "長期間ひきこもりの状態にあるかた", Papers: "公的な支援機関の職員が作った、ひきこもりの状態であることが分かる書類"},
}

// StandardReasonCodes names the reasons that every town begins with.
func StandardReasonCodes() (codes []string) {
	for _, r := range standardReasons {
		codes = append(codes, r.Code)
	}
	return codes
}

// EnsureProxyReasons gives a store without any reason those that towns accept.
func EnsureProxyReasons(tx *store.Tx, by audit.Actor) error {
	n, err := store.One[int](tx, `SELECT count(*) FROM proxy_reason`)
	if err != nil || n > 0 {
		return err
	}
	for _, r := range standardReasons {
		if _, err := AddProxyReason(tx, by, r); err != nil {
			return err
		}
	}
	return nil
}
