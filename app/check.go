package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
	"madoguchi/store/crypt"
	"madoguchi/store/replica"
)

var errCheck = errors.New("確認が必要な項目があります（上の「×」の行）")

// check prints how the installation stands. It may run beside the server and
// changes nothing.
func check(ctx context.Context, s Surroundings) error {
	cfg, rest, err := configure(s, mustLookUp("check"), nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	p := &printer{out: s.Out}
	p.say("設定")
	for _, o := range allOptions {
		p.say("  %-18s %s", o.name, o.get(cfg))
	}
	p.checkCopyRules(s.Files)
	p.checkPlace(ctx, cfg)
	if _, err := os.Stat(cfg.Database()); err != nil {
		p.fault("データベースがありません（%s）。madoguchi serve で作るか、madoguchi restore で復旧します。", cfg.Database())
		return p.result()
	}
	// A guest migrates nothing.
	st, err := store.Open(ctx, store.Options{Path: cfg.Database(), Guest: true})
	if err != nil {
		return err
	}
	err = p.checkStore(ctx, st)
	if err == nil {
		p.checkCopy(ctx, cfg.Replica, st.LastCommit())
	}
	if err := errors.Join(err, st.Close()); err != nil {
		return err
	}
	return p.result()
}

// printer writes lines and remembers whether one of them was a fault.
type printer struct {
	out    io.Writer
	faulty bool
	err    error
}

func (p *printer) say(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format+"\n", args...); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *printer) good(format string, args ...any) { p.say("  ○ "+format, args...) }

func (p *printer) fault(format string, args ...any) {
	p.faulty = true
	p.say("  × "+format, args...)
}

func (p *printer) result() error {
	if p.err == nil && p.faulty {
		return errCheck
	}
	return p.err
}

func (p *printer) checkCopyRules(files fs.FS) {
	text, err := fs.ReadFile(files, "litestream.yml")
	if err == nil {
		_, err = replica.ReadConfig(text)
	}
	p.say("複製の決まり（litestream.yml）")
	if err != nil {
		p.fault("読み取れません: %v", err)
		return
	}
	p.good("正しく読めます")
}

func (p *printer) checkStore(ctx context.Context, st *store.Store) error {
	p.say("データベース")
	if schema := st.Schema(); schema.Version > store.SchemaVersion() {
		p.good("スキーマの版 %d（このプログラムは版%dまで。版%d以降のプログラムで使えます）", schema.Version, store.SchemaVersion(), schema.ReadableFrom)
	} else {
		p.good("スキーマの版 %d", schema.Version)
	}
	return st.Read(ctx, func(tx *store.Tx) error {
		wrong, err := integrity(tx)
		if err != nil {
			return err
		}
		for _, w := range wrong {
			p.fault("整合性: %s", w)
		}
		if len(wrong) == 0 {
			p.good("整合性に問題はありません")
		}
		newest, ok, err := booking.Newest(tx)
		if ok {
			p.good("最後に受け付けた予約 %s（%s）", newest.Number, local(newest.BookedAt))
		}
		return err
	})
}

// integrity runs SQLite's own checks and the product's invariants.
func integrity(tx *store.Tx) ([]string, error) {
	found, err := store.All[string](tx, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`)
	if err != nil {
		return nil, err
	}
	n, err := store.One[int](tx, `SELECT count(*) FROM pragma_foreign_key_check`)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		found = append(found, fmt.Sprintf("%d rows refer to rows that are not there", n))
	}
	wrong, err := booking.Invariants(tx)
	return append(found, wrong...), err
}

// checkCopy measures the copy's lag from outside: the database's last commit
// against the newest copy in the target itself.
func (p *printer) checkCopy(ctx context.Context, target replica.Target, last store.Commit) {
	p.say("複製")
	newest, _, err := replica.Position(ctx, target)
	switch {
	case errors.Is(err, replica.ErrNoCopies):
		p.fault("%s に複製がありません。サーバーが動いているか確かめてください。", target)
		return
	case err != nil:
		p.fault("%s を読めません: %v", target, err)
		return
	}
	p.good("最後の書込み %s、最後の複製 %s", local(last.At), local(newest))
	if lag := last.At.Sub(newest); lag > 0 {
		p.fault("複製の遅れ %.1f 秒（この間の書込みはまだ複製されていません）", lag.Seconds())
		return
	}
	p.good("複製の遅れ 0 秒")
}

// checkPlace tells how writes are confirmed, how the place is guarded and
// whether its copies are encrypted.
func (p *printer) checkPlace(ctx context.Context, cfg Config) {
	p.say("確定の方針")
	switch cfg.Confirm {
	case replica.Provisional:
		p.good("provisional: 複製先にも書けてから確定します。届かない間は仮受付にします。")
	case replica.Refuse:
		p.good("refuse: 複製先にも書けてから確定します。届かない間は断ります。")
	default:
		p.good("local: この機械に書けたら確定します。複製は後から追います。機械を失うと、複製していない分を失います。自動の切替えとは組み合わせられません。")
	}
	if cfg.Replica.Folder() == "" {
		p.say("保存先の性質")
		switch probe, kept, err := replica.KeptProbe(ctx, cfg.Replica); {
		case err != nil:
			p.fault("読めません: %v", err)
		case !kept:
			p.fault("まだ調べていません（madoguchi store-probe）。")
		default:
			p.probe(probe)
		}
	}
	p.say("暗号化")
	switch copies, err := cfg.Replica.Open(ctx); {
	case errors.Is(err, crypt.ErrNoKey):
		p.fault("複製は暗号化されていますが、この鍵では開けません（--identity）。")
	case err != nil:
		p.fault("複製先を読めません: %v", err)
	case copies.Encrypted():
		p.good("複製は暗号化しています。鍵は madoguchi keys list で確かめられます。")
	case cfg.Replica.Outside():
		p.fault("庁舎の外の複製先にデータ鍵がありません（madoguchi keys wrap）。")
	default:
		p.good("複製は暗号化していません（手元の場所）。")
	}
}

// local is an instant in town hall time, to the second.
func local(t time.Time) string {
	if t.IsZero() {
		return "なし"
	}
	return t.In(jp.Tokyo).Format("2006-01-02 15:04:05")
}
