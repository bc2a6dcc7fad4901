package app

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/watch"
)

var (
	optAlertMail = option{name: "alert-mail", fallback: "", meaning: "警報を送るメールアドレス（いくつかあるときは「,」で区切る。省略時は送らない）",
		set: alertMail(func(c *Config) *[]string { return &c.Alert.To }), get: func(c Config) string { return strings.Join(c.Alert.To, ",") }}
	optAlertHook = option{name: "alert-webhook", fallback: "", meaning: "警報をJSONで送る先のURL（省略時は送らない）",
		set: alertHook(func(c *Config) *string { return &c.Alert.Hook }), get: func(c Config) string { return masked(c.Alert.Hook) }}
	optSecondMail = option{name: "alert-second-mail", fallback: "", meaning: "至急の警報をだれも確認しないときに、あとから知らせるメールアドレス（省略時は送らない）",
		set: alertMail(func(c *Config) *[]string { return &c.Alert.Second.To }), get: func(c Config) string { return strings.Join(c.Alert.Second.To, ",") }}
	optSecondHook = option{name: "alert-second-webhook", fallback: "", meaning: "同じく、JSONで送る先のURL（省略時は送らない）",
		set: alertHook(func(c *Config) *string { return &c.Alert.Second.Hook }), get: func(c Config) string { return masked(c.Alert.Second.Hook) }}
	optSecondAfter = option{name: "alert-second-after", fallback: "1h", meaning: "最初の警報から、だれも確認しないまま、二次の届け先に知らせるまでの時間",
		set: span(func(c *Config) *time.Duration { return &c.Alert.After }, 10*time.Second), get: func(c Config) string { return c.Alert.After.String() }}
	optAlertBehind = option{name: "alert-behind", fallback: "5m", meaning: "複製がこれより遅れたら警報を出す（例 90s、5m）",
		set: span(func(c *Config) *time.Duration { return &c.Limits.Behind }, 10*time.Second), get: func(c Config) string { return c.Limits.Behind.String() }}
	optAlertDisk = option{name: "alert-disk", fallback: "10", meaning: "ディスクの空きがこの割合（%）を切ったら警報を出す",
		set: func(c *Config, v string) (err error) {
			if c.Limits.DiskPercent, err = strconv.Atoi(v); err != nil || c.Limits.DiskPercent < 1 || c.Limits.DiskPercent > 90 {
				return fmt.Errorf("1から90までの数字で指定してください")
			}
			return nil
		}, get: func(c Config) string { return strconv.Itoa(c.Limits.DiskPercent) }}
	optAlertRepeat = option{name: "alert-repeat", fallback: "30m", meaning: "至急の警報を、確認されるまでくり返す間隔",
		set: span(func(c *Config) *time.Duration { return &c.Alert.Repeat }, time.Minute), get: func(c Config) string { return c.Alert.Repeat.String() }}
	optAlertQuiet = option{name: "alert-quiet", fallback: "", meaning: "至急でない警報を送らない時間（例 20:00-07:00。省略時はなし）",
		set: setQuiet, get: func(c Config) string {
			if c.Alert.Quiet == (watch.Quiet{}) {
				return ""
			}
			return c.Alert.Quiet.From.String() + "-" + c.Alert.Quiet.To.String()
		}}
	optCertificate = option{name: "certificate", fallback: "", meaning: "期限を見張る証明書（PEM）のファイル。前段のプロキシが使うもの（省略時は見張らない）",
		set: func(c *Config, v string) error {
			if c.Limits.Certificate = v; v == "" {
				return nil
			}
			if _, err := os.Stat(v); err != nil {
				return fmt.Errorf("読めません: %w", err)
			}
			return nil
		}, get: func(c Config) string { return c.Limits.Certificate }}
)

var alertOptions = []option{optAlertMail, optAlertHook, optSecondMail, optSecondHook, optSecondAfter, optAlertBehind, optAlertDisk, optAlertRepeat, optAlertQuiet, optCertificate}

func alertMail(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, v string) error {
		for _, one := range strings.Split(v, ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			to, err := card.ParseMail(one)
			if err != nil {
				return fmt.Errorf("「%s」をメールアドレスとして読めません", one)
			}
			*field(c) = append(*field(c), to)
		}
		return nil
	}
}

func alertHook(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, v string) error {
		if v == "" {
			return nil
		}
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("「https://名前/…」の形で指定してください")
		}
		*field(c) = v
		return nil
	}
}

// wrongAlerts finds what does not go together.
func (c Config) wrongAlerts() (wrong []string) {
	a := c.Alert
	if len(a.To) > 0 && !c.Mail.On() {
		wrong = append(wrong, "--alert-mail: メールで知らせるには、--smtp-host も指定してください")
	}
	if len(a.Second.To) > 0 && !c.Mail.On() {
		wrong = append(wrong, "--alert-second-mail: メールで知らせるには、--smtp-host も指定してください")
	}
	if len(a.To) == 0 && a.Hook == "" && (len(a.Second.To) > 0 || a.Second.Hook != "") {
		wrong = append(wrong, "--alert-second-mail と --alert-second-webhook: 先に知らせる届け先（--alert-mail か --alert-webhook）も指定してください")
	}
	return wrong
}

func setQuiet(c *Config, v string) (err error) {
	if v == "" {
		return nil
	}
	from, to, _ := strings.Cut(v, "-")
	q := watch.Quiet{}
	if q.From, err = jp.ParseClock(from); err == nil {
		q.To, err = jp.ParseClock(to)
	}
	if err != nil {
		return fmt.Errorf("「20:00-07:00」の形で指定してください")
	}
	c.Alert.Quiet = q
	return nil
}

func span(field func(*Config) *time.Duration, least time.Duration) func(*Config, string) error {
	return func(c *Config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < least {
			return fmt.Errorf("「30m」（30分）のように、%s以上で指定してください", watch.Length(least))
		}
		*field(c) = d
		return nil
	}
}
