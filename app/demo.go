package app

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strings"

	"madoguchi/app/demo"
)

// demoStart is the first line of "demo --json", for scripts that drive it.
type demoStart struct {
	Public   string       `json:"public"`
	Console  string       `json:"console"`
	StaffID  string       `json:"staff_id"`
	Password string       `json:"password"`
	Notices  []demoNotice `json:"notices"`
	// Payloads are codes of the recipient list that were not read yet.
	Payloads []string `json:"payloads"`
	// List is a picture of a list page with those codes.
	List string `json:"list"`
}

type demoNotice struct {
	Number    string `json:"number"`
	BirthDate string `json:"birth_date"` // YYYY-MM-DD
}

func serveDemo(ctx context.Context, s Surroundings) error {
	var asJSON bool
	cfg, rest, err := configure(s, mustLookUp("demo"), func(fs *flag.FlagSet) {
		fs.BoolVar(&asJSON, "json", false, "最初の行に接続先と試用の番号をJSONで表示する")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります: %s", strings.Join(rest, " "))
	}
	return serveAlone(ctx, s, cfg, func(svc *service) error {
		r, err := demo.Start(ctx, svc.st, demo.Options{})
		if err != nil {
			return err
		}
		start := demoStart{Public: svc.host.public.url, Console: svc.host.console.url, StaffID: r.StaffID, Password: r.Password, Payloads: r.Payloads}
		if start.List, err = writeDemoList(cfg, r.Payloads); err != nil {
			return err
		}
		for _, n := range r.Notices {
			start.Notices = append(start.Notices, demoNotice{Number: n.Number, BirthDate: n.BirthDate})
		}
		if asJSON {
			return json.NewEncoder(s.Out).Encode(start)
		}
		return printDemo(s, svc, start)
	})
}

func printDemo(s Surroundings, svc *service, d demoStart) error {
	var b strings.Builder
	b.WriteString("架空の町のデータで動いています。氏名・住所・番号はすべて作り物です。\n\n")
	fmt.Fprintf(&b, "職員のサインイン\n  担当者ID       %s\n  仮パスワード   %s\n\n試せる交付通知書番号と生年月日\n", d.StaffID, d.Password)
	for _, n := range d.Notices {
		fmt.Fprintf(&b, "  %s   %s\n", n.Number, n.BirthDate)
	}
	b.WriteString("\n一覧の読取りで試せるQRコードの中身\n")
	for _, p := range d.Payloads {
		fmt.Fprintf(&b, "  %s\n", p)
	}
	fmt.Fprintf(&b, "\n便の画面で試せる一覧の画像\n  %s\n", d.List)
	b.WriteByte('\n')
	if _, err := fmt.Fprint(s.Out, b.String()); err != nil {
		return err
	}
	return svc.announce(s.Out)
}
