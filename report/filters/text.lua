-- Keeps text as it was written: an apostrophe behind a reference stays one, and in Typst no sign of a
-- text is taken for markup ("1." or "+" at the start of a cell, "-?", the prime of "1990's"), and a
-- list in a list counts in its own way.
-- Named in _quarto.yml at `post-quarto`, behind the filters that read text; both engines run it.

local marks = {SingleQuote = {'\u{2018}', '\u{2019}'}, DoubleQuote = {'\u{201C}', '\u{201D}'}}
local references = {Cite = true, Link = true, Span = true}

local function is_reference(el)
  return references[el.t] or (el.t == 'RawInline' and el.text == '])') -- Quarto's, in Typst
end

-- Pandoc takes the apostrophe of @fig-x's for a quotation mark that opens.
local function apostrophes(inlines)
  local result = pandoc.Inlines {}
  for index, el in ipairs(inlines) do
    local behind = index > 1 and is_reference(inlines[index - 1])
    if behind and el.t == 'Quoted' and el.quotetype == 'SingleQuote' then
      result:insert(pandoc.Str '\u{2019}')
      result:extend(el.content)
      result:insert(pandoc.Str '\u{2019}')
    else
      if behind and el.t == 'Str' then el.text = el.text:gsub('^\u{2018}', '\u{2019}') end
      result:insert(el)
    end
  end
  return result
end

local function raw(text) return pandoc.RawInline('typst', text) end

-- Typst sets every sign behind a backslash as it is.
local function literal(el)
  if not el.text:match '^%w*$' then return raw((el.text:gsub('%p', '\\%0'))) end
end

local function quoted(el)
  local opening, closing = table.unpack(marks[el.quotetype])
  return pandoc.Inlines {raw(opening)} .. el.content .. {raw(closing)}
end

-- Pandoc says how a list counts only where it is unusual, and Typst passes that on to lists inside.
local function own_numbers(list)
  local usual = pandoc.RawBlock('typst', '#set enum(numbering: "1.", start: 1)')
  for index, item in ipairs(list.content) do
    list.content[index] = item:walk {OrderedList = function(inner) return {usual, inner} end}
  end
  return list
end

-- The other metadata are settings, which are no text.
local shown = {'title', 'subtitle', 'abstract', 'author', 'by-author'}

local function as_written(content)
  return content:walk {Quoted = quoted, OrderedList = own_numbers}:walk {
    traverse = 'topdown', Str = literal,
    Cite = function(cite) return cite, false end, -- Pandoc reads the words behind a key itself
  }
end

local function in_meta(value)
  local kind = pandoc.utils.type(value)
  if kind == 'Inlines' or kind == 'Blocks' then return as_written(value) end
  if kind == 'List' or kind == 'table' then
    for key, part in pairs(value) do value[key] = in_meta(part) end
  end
  return value
end

local function in_typst(doc)
  for _, key in ipairs(shown) do doc.meta[key] = in_meta(doc.meta[key]) end
  doc.blocks = as_written(doc.blocks)
  return doc
end

local typst = FORMAT:match 'typst' and {Pandoc = in_typst} or {}
return {{Inlines = apostrophes}, typst}
