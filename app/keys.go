package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"madoguchi/store/crypt"
	"madoguchi/store/replica"
)

// manageKeys looks after the keys that the copies are encrypted with.
func manageKeys(ctx context.Context, s Surroundings) error {
	cfg, words, err := configure(s, mustLookUp("keys"), nil)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return wrongUsage("make、wrap、rotate、list のどれかを指定してください")
	}
	verb, args := words[0], words[1:]
	switch {
	case verb == "make" && len(args) == 1:
		return makeIdentity(s, args[0])
	case verb == "wrap" && len(args) > 0:
		if err := replica.WrapKeys(ctx, cfg.Replica, args); err != nil {
			return err
		}
		_, err := fmt.Fprintf(s.Out, "%d個の受取人だけが開けるように、データ鍵を包みました。次に、それぞれの鍵ファイルで madoguchi keys list を実行して、開けることを確かめてください。\n", len(args))
		return err
	case verb == "rotate" && len(args) == 0:
		id, err := replica.RotateKeys(ctx, cfg.Replica)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "新しいデータ鍵 %s を作りました。サーバーを次に始めたときから使います。前の鍵は、それで書いた複製がある間は残ります。\n", id)
		return err
	case verb == "list" && len(args) == 0:
		return listKeys(ctx, s, cfg)
	}
	return wrongUsage("keys %s の指定が違います", verb)
}

// makeIdentity makes an identity file that only its owner can read, and prints
// what others wrap to.
func makeIdentity(s Surroundings, path string) error {
	secret, recipient, err := crypt.NewIdentity()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make identity file: %w", err)
	}
	_, err = fmt.Fprintf(f, "# 窓口の鍵。失うと複製を開けません。人に渡さないでください。\n# 受取人: %s\n%s\n", recipient, secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write identity file: %w", err)
	}
	_, err = fmt.Fprintf(s.Out, "鍵ファイル   %s\n受取人       %s\n", path, recipient)
	return err
}

func listKeys(ctx context.Context, s Surroundings, cfg Config) error {
	infos, err := replica.Keys(ctx, cfg.Replica)
	if err != nil {
		return err
	}
	if len(infos) == 0 {
		_, err := fmt.Fprintln(s.Out, "データ鍵はありません。この複製先の複製は暗号化しません。")
		return err
	}
	p := &printer{out: s.Out}
	for _, k := range infos {
		if k.Opens {
			p.good("データ鍵 %s  作成 %s  受取人 %s", k.ID, local(k.MadeAt), strings.Join(k.To, " "))
		} else {
			p.fault("データ鍵 %s  この鍵ファイルでは開けません", k.Name)
		}
	}
	return p.result()
}

// probeStore finds out what the place of the copies can do and keeps it there.
func probeStore(ctx context.Context, s Surroundings) error {
	var show bool
	cfg, rest, err := configure(s, mustLookUp("store-probe"), func(fs *flag.FlagSet) {
		fs.BoolVar(&show, "show", false, "調べ直さず、前の結果を表示する")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	probe, kept := replica.Probe{}, true
	if show {
		probe, kept, err = replica.KeptProbe(ctx, cfg.Replica)
	} else {
		probe, err = replica.ProbeStore(ctx, cfg.Replica)
	}
	if err != nil {
		return err
	}
	p := &printer{out: s.Out}
	p.say("%s", cfg.Replica)
	if !kept {
		p.fault("まだ調べていません。")
		return p.result()
	}
	p.probe(probe)
	return p.result()
}

func (p *printer) probe(probe replica.Probe) {
	p.say("  調べた日時 %s", local(probe.At))
	p.say("  同じ名前への二度目の書込みを断るか   %s", yes(probe.Conditional))
	p.say("  書いたものがすぐ読めるか             %s（遅れ 最大%.0f ミリ秒）", yes(probe.Visible), probe.Delay.Seconds()*1000)
	switch probe.Mode {
	case replica.Once:
		p.good("方式 once: 引継ぎは書込みの条件で守ります。自動の切替えに使えます。")
	case replica.Readback:
		p.good("方式 readback: 引継ぎは書いた後の読返しで守ります。自動の切替えに使えます（引継ぎに%.0f秒待ちます）。", probe.Wait().Seconds())
	default:
		p.fault("方式 manual: 書いたものがすぐには読めない保存先です。切替えは、前の機械が止まったことを人が確かめてから行います。")
	}
}

func yes(b bool) string {
	if b {
		return "はい"
	}
	return "いいえ"
}
