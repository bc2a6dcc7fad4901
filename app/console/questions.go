package console

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// questionPage is the form of a question with its answer (よくある質問).
type questionPage struct {
	page
	Ref      store.Ref
	Version  string
	Stale    bool
	Question control
	Answer   control
}

func readQuestion(c *gin.Context) *web.Form {
	return web.ReadForm(c, "question", "answer", "ref", "version")
}

func decimal(n int) string { return strconv.Itoa(n) }

func (d *Desk) askQuestion(c *gin.Context) error {
	if err := everywhere(c); err != nil {
		return err
	}
	form := readQuestion(c)
	if refOf(c) != "" {
		err := d.store.Read(c, func(tx *store.Tx) error {
			q, err := settings.QuestionByRef(tx, refOf(c))
			for name, value := range map[string]string{
				"question": q.Question, "answer": q.Answer, "ref": string(q.Ref), "version": decimal(q.Version),
			} {
				form.Set(name, value)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.showQuestion(c, http.StatusOK, form, false)
}

func (d *Desk) showQuestion(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := questionPage{
		Ref: store.Ref(form.Value("ref")), Version: form.Value("version"), Stale: stale,
		Question: control{Field: *form.Field("question"), Type: "text", Class: "kanji", Autocomplete: "off"},
		Answer:   control{Field: *form.Field("answer"), Class: "kanji"},
	}
	p.Question.Required, p.Answer.Required = true, true
	p.failed(form)
	p.Failed = p.Failed || stale
	return d.show(c, status, "question", "質問と答え", &p)
}

func (d *Desk) saveQuestion(c *gin.Context) error {
	form := readQuestion(c)
	err := d.write(c, "question_saved", func(tx *store.Tx) (string, error) {
		if err := everywhere(c); err != nil {
			return "", err
		}
		_, err := settings.SaveQuestion(tx, actor(c), settings.Question{
			Ref: store.Ref(form.Value("ref")), Version: version(c), Question: form.Value("question"), Answer: form.Value("answer"),
		})
		return "/announcements", err
	})
	refused, ok := problem.As(err)
	switch {
	case errors.Is(err, settings.NoticeStale):
		return d.showQuestion(c, http.StatusConflict, form, true)
	case ok && refused.Kind == problem.Invalid:
		form.Apply(refused)
		return d.showQuestion(c, http.StatusUnprocessableEntity, form, false)
	}
	return err
}

// raiseQuestion moves a question one up.
func (d *Desk) raiseQuestion(c *gin.Context) error {
	return d.write(c, "", func(tx *store.Tx) (string, error) {
		if err := everywhere(c); err != nil {
			return "", err
		}
		return "/announcements", settings.RaiseQuestion(tx, actor(c), refOf(c))
	})
}

func (d *Desk) askQuestionRemoval(c *gin.Context) error {
	if err := everywhere(c); err != nil {
		return err
	}
	p := removalPage{Heading: "質問の削除", Action: "/announcements/question/remove/" + string(refOf(c))}
	err := d.store.Read(c, func(tx *store.Tx) error {
		q, err := settings.QuestionByRef(tx, refOf(c))
		p.What, p.Text, p.Version = q.Question, q.Answer, q.Version
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "removal", p.Heading, &p)
}

func (d *Desk) removeQuestion(c *gin.Context) error {
	return d.write(c, "question_removed", func(tx *store.Tx) (string, error) {
		if err := everywhere(c); err != nil {
			return "", err
		}
		return "/announcements", settings.RemoveQuestion(tx, actor(c), refOf(c), version(c))
	})
}
