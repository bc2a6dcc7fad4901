package app

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func manageStaff(ctx context.Context, s Surroundings) (err error) {
	role := string(staff.Clerk)
	cfg, words, err := configure(s, mustLookUp("staff"), func(fs *flag.FlagSet) {
		fs.StringVar(&role, "role", role, "addのときの役割（administrator または clerk）")
	})
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return wrongUsage("list、add、reset、unlock、disable、enable のどれかを指定してください")
	}
	verb, args := words[0], words[1:]
	want := map[string]int{"list": 0, "add": 2, "reset": 1, "unlock": 1, "disable": 1, "enable": 1}
	if n, ok := want[verb]; !ok || len(args) != n {
		return wrongUsage("staff %s の指定が違います", verb)
	}
	st, err := openBeside(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if verb == "list" {
		return listStaff(ctx, s, st)
	}
	var says string
	err = st.Write(ctx, func(tx *store.Tx) (err error) {
		says, err = staffVerb(tx, verb, args, staff.Role(role))
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.Out, says)
	return err
}

func staffVerb(tx *store.Tx, verb string, args []string, role staff.Role) (says string, err error) {
	by := audit.Command("staff")
	switch verb {
	case "add":
		_, password, err := staff.Add(tx, by, args[0], args[1], role)
		return fmt.Sprintf("%s を追加しました。仮パスワード %s", args[0], password), err
	case "reset":
		password, err := staff.Reset(tx, by, args[0])
		return fmt.Sprintf("%s の仮パスワード %s", args[0], password), err
	case "unlock":
		return args[0] + " のロックを解除しました。", staff.Unlock(tx, by, args[0])
	case "disable":
		return args[0] + " を停止しました。", staff.Disable(tx, by, args[0])
	}
	return args[0] + " を再開しました。", staff.Enable(tx, by, args[0])
}

func listStaff(ctx context.Context, s Surroundings, st *store.Store) error {
	var all []staff.Account
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = staff.List(tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, a := range all {
		state := "使用中"
		switch {
		case !a.DisabledAt.IsZero():
			state = "停止"
		case a.MustChange:
			state = "仮パスワード"
		}
		if _, err := fmt.Fprintf(s.Out, "%s\t%s\t%s\t%s\n", a.StaffID, a.Name, a.Role.Label(), state); err != nil {
			return err
		}
	}
	return nil
}

// openBeside opens the store for a command, also while a server runs on it.
func openBeside(ctx context.Context, cfg Config) (*store.Store, error) {
	st, err := store.Open(ctx, store.Options{Path: cfg.Database()})
	if errors.Is(err, store.ErrLocked) {
		return store.Open(ctx, store.Options{Path: cfg.Database(), Guest: true})
	}
	return st, err
}

func migrate(ctx context.Context, s Surroundings) error {
	cfg, rest, err := configure(s, mustLookUp("migrate"), nil)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return wrongUsage("余分な言葉があります")
	}
	st, err := store.Open(ctx, store.Options{Path: cfg.Database()})
	if err != nil {
		return err
	}
	if err := st.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "スキーマは版 %d です。\n", store.SchemaVersion())
	return err
}
