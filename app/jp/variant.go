package jp

import "strings"

// variants groups the shapes of a kanji that registers, residents and
// keyboards use for one another (異体字); the first of a group is the one the
// others fold to. Most come from the old shapes in the tables of common and
// name kanji (常用漢字表, 人名用漢字), the rest from family names. 斉 and 斎
// are two characters, yet are one here because people mix them up. Shapes that
// Unicode itself unites (神 U+FA19) need no entry: NFKC folds them.
const variants = `
高髙 崎﨑嵜 浜濵濱 辺邉邊 斉齋斎齊 広廣 沢澤 徳德 柳栁 真眞 吉𠮷 島嶋嶌
桜櫻 竜龍 滝瀧 国國圀 恵惠 栄榮 増增 富冨 黒黑 関關 学學 条條 実實 寿壽
静靜 清淸 野埜 峰峯 船舩 館舘 桧檜 穂穗 曽曾 蔵藏 沖冲 鉄鐵 万萬 与與 円圓
亀龜 芦蘆 鴎鷗 頼賴 礼禮 豊豐 弥彌 総總 県縣 仏佛 奥奧 応應 緑綠 温溫 横橫
彦彥 瑶瑤 凛凜 尭堯 遥遙 枡桝 槙槇 薮藪籔 籠篭 渕淵渊 塩鹽 桑桒 橋𣘺 土𡈽
松枩 秋穐 郎郞 祢禰 来來 戸戶户 青靑 黄黃 呂吕 呉吳 巣巢 強强 毎每 収收
児兒 両兩 単單 厳嚴 団團 壮壯 寛寬 将將 巌巖 帯帶 従從 悦悅 暁曉 暦曆 楽樂
歩步 歳歲 気氣 浅淺 満滿 瀬瀨 為爲 画畫 砺礪 祷禱 稲稻 糸絲 経經 継繼 絵繪
縄繩 芸藝 荘莊 薫薰 蛍螢 衛衞 覚覺 観觀 郷鄕 釈釋 鎮鎭 隠隱 隣鄰 霊靈 頴穎
顕顯 鶏鷄 麦麥 麹麴 黙默 岳嶽 涛濤 灯燈 亘亙 侠俠 倶俱 勲勳 巻卷 卯夘 喜㐂
壱壹 嬢孃 宝寳寶 尚尙 峡峽 恒恆 慎愼 挙擧 揺搖 昂昻 昇曻 桟棧 権權 渋澁澀
熙煕凞 狭狹 畳疊 禄祿 秘祕 穣穰 粋粹 聡聰 舎舍 蒋蔣 虎乕 虚虛 譲讓 録錄
顔顏 騨驒
`

var variantOf = readVariants()

func readVariants() map[rune]rune {
	table := make(map[rune]rune)
	for _, group := range strings.Fields(variants) {
		shapes := []rune(group)
		for _, shape := range shapes[1:] {
			table[shape] = shapes[0]
		}
	}
	return table
}

func foldVariant(r rune) rune {
	if base, ok := variantOf[r]; ok {
		return base
	}
	return r
}
