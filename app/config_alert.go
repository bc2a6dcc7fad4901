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
		set: setAlertMail, get: func(c Config) string { return strings.Join(c.Alert.To, ",") }}
	optAlertHook = option{name: "alert-webhook", fallback: "", meaning: "警報をJSONで送る先のURL（省略時は送らない）",
		set: setAlertHook, get: func(c Config) string { return masked(c.Alert.Hook) }}
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

var alertOptions = []option{optAlertMail, optAlertHook, optAlertBehind, optAlertDisk, optAlertRepeat, optAlertQuiet, optCertificate}

func setAlertMail(c *Config, v string) error {
	for _, one := range strings.Split(v, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		to, err := card.ParseMail(one)
		if err != nil {
			return fmt.Errorf("「%s」をメールアドレスとして読めません", one)
		}
		c.Alert.To = append(c.Alert.To, to)
	}
	return nil
}

func setAlertHook(c *Config, v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("「https://名前/…」の形で指定してください")
	}
	c.Alert.Hook = v
	return nil
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
