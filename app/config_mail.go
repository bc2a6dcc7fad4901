package app

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"madoguchi/app/card"
	"madoguchi/app/mail"
)

// MailConfig says which mail server takes the town's mails (メールの送信). Without
// a host no mail is sent, and the resident site offers none.
type MailConfig struct {
	Server       mail.Server
	PasswordFile string
	CAFile       string
	Site         string // address of the resident site, as people open it; stands in links
}

// On reports whether mails are sent.
func (m MailConfig) On() bool { return m.Server.Host != "" }

// sender is the address that mails come from; "" when none are sent.
func (m MailConfig) sender() string {
	if !m.On() {
		return ""
	}
	return m.Server.From
}

var (
	optSite = option{name: "site-url", fallback: "", meaning: "住民サイトのアドレス（メールのリンクや案内のQRコードに使う。例 https://yoyaku.example.jp）",
		set: setSite, get: func(c Config) string { return c.Mail.Site }}
	optSMTPHost = option{name: "smtp-host", fallback: "", meaning: "メールサーバーの名前（省略時はメールを送らない）",
		set: func(c *Config, v string) error { c.Mail.Server.Host = v; return nil }, get: func(c Config) string { return c.Mail.Server.Host }}
	optSMTPPort = option{name: "smtp-port", fallback: "587", meaning: "メールサーバーのポート",
		set: func(c *Config, v string) (err error) {
			c.Mail.Server.Port, err = strconv.Atoi(v)
			if err != nil || c.Mail.Server.Port < 1 || c.Mail.Server.Port > 65535 {
				return fmt.Errorf("1から65535までの数字で指定してください")
			}
			return nil
		}, get: func(c Config) string { return strconv.Itoa(c.Mail.Server.Port) }}
	optSMTPTLS = option{name: "smtp-tls", fallback: string(mail.StartTLS), meaning: "メールサーバーとの通信の守り方（starttls、tls、none）",
		set: func(c *Config, v string) error {
			c.Mail.Server.TLS = mail.TLSMode(v)
			switch c.Mail.Server.TLS {
			case mail.StartTLS, mail.DirectTLS, mail.NoTLS:
				return nil
			}
			return fmt.Errorf("starttls、tls、none のどれかを指定してください")
		}, get: func(c Config) string { return string(c.Mail.Server.TLS) }}
	optSMTPUser = option{name: "smtp-user", fallback: "", meaning: "メールサーバーの利用者名（要らないときは省略）",
		set: func(c *Config, v string) error { c.Mail.Server.User = v; return nil }, get: func(c Config) string { return masked(c.Mail.Server.User) }}
	optSMTPPassword = option{name: "smtp-password-file", fallback: "", meaning: "メールサーバーのパスワードを書いたファイル",
		set: setPasswordFile, get: func(c Config) string { return c.Mail.PasswordFile }}
	optSMTPCA = option{name: "smtp-ca-file", fallback: "", meaning: "メールサーバーの証明書を確かめる認証局のファイル（省略時はOSのもの）",
		set: setCAFile, get: func(c Config) string { return c.Mail.CAFile }}
	optMailFrom = option{name: "mail-from", fallback: "", meaning: "メールの差出人のアドレス",
		set: func(c *Config, v string) (err error) {
			if v == "" {
				return nil
			}
			if c.Mail.Server.From, err = card.ParseMail(v); err != nil {
				return fmt.Errorf("メールアドレスとして読めません")
			}
			return nil
		}, get: func(c Config) string { return c.Mail.Server.From }}
)

var mailOptions = []option{optSite, optSMTPHost, optSMTPPort, optSMTPTLS, optSMTPUser, optSMTPPassword, optSMTPCA, optMailFrom}

// masked hides what need not be read over someone's shoulder.
func masked(secret string) string {
	if secret == "" {
		return ""
	}
	return "********"
}

func setSite(c *Config, v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("「https://名前」の形で指定してください")
	}
	c.Mail.Site = u.Scheme + "://" + u.Host
	return nil
}

func setPasswordFile(c *Config, v string) error {
	if v == "" {
		return nil
	}
	c.Mail.PasswordFile = v
	text, err := os.ReadFile(v)
	if err != nil {
		return fmt.Errorf("読めません: %w", err)
	}
	c.Mail.Server.Password = strings.TrimRight(string(text), "\r\n")
	if c.Mail.Server.Password == "" {
		return fmt.Errorf("空のファイルです")
	}
	return nil
}

func setCAFile(c *Config, v string) error {
	if v == "" {
		return nil
	}
	c.Mail.CAFile = v
	text, err := os.ReadFile(v)
	if err != nil {
		return fmt.Errorf("読めません: %w", err)
	}
	c.Mail.Server.CA = x509.NewCertPool()
	if !c.Mail.Server.CA.AppendCertsFromPEM(text) {
		return fmt.Errorf("証明書（PEM）がありません")
	}
	return nil
}

// wrong lists what does not fit together.
func (m MailConfig) wrong() []string {
	if !m.On() {
		return nil
	}
	var wrong []string
	if m.Server.From == "" {
		wrong = append(wrong, "--mail-from: --smtp-host を指定したときは、差出人も指定してください")
	}
	if m.Site == "" {
		wrong = append(wrong, "--site-url: --smtp-host を指定したときは、住民サイトのアドレスも指定してください（メールのリンクに使います）")
	}
	if (m.Server.User == "") != (m.PasswordFile == "") {
		wrong = append(wrong, "--smtp-user と --smtp-password-file: 両方を指定するか、両方を省いてください")
	}
	if m.Server.User != "" && m.Server.TLS == mail.NoTLS && !loopback(m.Server.Host) {
		wrong = append(wrong, "--smtp-tls none: パスワードが暗号化されずに流れます。starttls か tls を指定してください")
	}
	return wrong
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
