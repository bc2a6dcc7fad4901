package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"madoguchi/app/apptest"
)

func TestMailServerIsConfiguredAsAWhole(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := []string{"--smtp-host", "mail.example.jp", "--mail-from", "yoyaku@town.example.jp", "--site-url", "https://yoyaku.example.jp/"}
	for _, c := range []struct {
		name  string
		args  []string
		wrong string // "": good
	}{
		{"no mail at all", nil, ""},
		{"a relay without user", whole, ""},
		{"user and password", append([]string{"--smtp-user", "town", "--smtp-password-file", secret}, whole...), ""},
		{"no sender", []string{"--smtp-host", "mail.example.jp", "--site-url", "https://yoyaku.example.jp"}, "--mail-from"},
		{"no address of the site", []string{"--smtp-host", "mail.example.jp", "--mail-from", "a@example.jp"}, "--site-url"},
		{"an address of the site with a path", append(whole, "--site-url", "https://example.jp/yoyaku"), "--site-url"},
		{"a user without password", append([]string{"--smtp-user", "town"}, whole...), "--smtp-password-file"},
		{"a password in the clear", append([]string{"--smtp-tls", "none", "--smtp-user", "town", "--smtp-password-file", secret}, whole...), "--smtp-tls none"},
		{"no such password file", append([]string{"--smtp-user", "town", "--smtp-password-file", secret + "x"}, whole...), "--smtp-password-file"},
		{"no such way of safety", append([]string{"--smtp-tls", "maybe"}, whole...), "--smtp-tls"},
		{"a sender that is none", append(whole, "--mail-from", "nobody"), "--mail-from"},
		{"no such port", append([]string{"--smtp-port", "0"}, whole...), "--smtp-port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, _, err := configure(Surroundings{Args: append([]string{"--data", filepath.Join(dir, "data")}, c.args...)}, mustLookUp("serve"), nil)
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("got %v, want it to name %q", err, c.wrong)
			}
			if err == nil && len(c.args) > 0 && (!cfg.Mail.On() || cfg.Mail.Site != "https://yoyaku.example.jp") {
				t.Errorf("got %+v", cfg.Mail)
			}
		})
	}
}

func TestCheckHidesTheMailUser(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "password")
	if err := os.WriteFile(secret, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	Main(t.Context(), Surroundings{Files: apptest.Files(), Out: &out, Err: &out, Args: []string{
		"check", "--data", filepath.Join(dir, "data"), "--smtp-host", "mail.example.jp", "--mail-from", "yoyaku@town.example.jp",
		"--site-url", "https://yoyaku.example.jp", "--smtp-user", "sekret-user", "--smtp-password-file", secret,
	}})
	if !strings.Contains(out.String(), "mail.example.jp") || !strings.Contains(out.String(), "********") {
		t.Errorf("got %q, want the mail server and a mask", out.String())
	}
	for _, hidden := range []string{"geheim", "sekret-user"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("it shows %q", hidden)
		}
	}
}
