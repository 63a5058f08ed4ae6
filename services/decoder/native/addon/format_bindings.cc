#include "addon/format_bindings.h"

#include <optional>
#include <string_view>

#include "addon/arguments.h"
#include "mef3/crc32.h"
#include "mef3/limits.h"
#include "mef3/metadata.h"
#include "mef3/red_encoder.h"
#include "mef3/stored_time.h"
#include "mef3/universal_header.h"

namespace mef3::addon {
namespace {

// { status } for a refusal; JavaScript turns it into an error.
Napi::Object Result(Napi::Env env, Status status) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("status", static_cast<double>(status));
  return result;
}

Napi::Value OptionalNumber(Napi::Env env, std::optional<std::int64_t> value) {
  if (!value) return env.Undefined();
  return Napi::Number::New(env, static_cast<double>(*value));
}

Napi::Value CopyOf(Napi::Env env, std::span<const std::uint8_t> bytes) {
  return Napi::Buffer<std::uint8_t>::Copy(env, bytes.data(), bytes.size());
}

// crc32(bytes: Uint8Array, initial?: number): number
Napi::Value CrcOf(const Napi::CallbackInfo& info) {
  const auto bytes = Bytes(info[0], "bytes");
  const auto initial =
      info[1].IsUndefined()
          ? kCrcInitial
          : static_cast<std::uint32_t>(IntegerWithin(info[1], "initial", 0, UINT32_MAX));
  return Napi::Number::New(info.Env(), Crc32(bytes, initial));
}

// encodeRedBlock(samples: Int32Array, storedStartTime: bigint, discontinuity: boolean): Buffer
Napi::Value Encode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    throw Napi::TypeError::New(env, "samples must be an Int32Array");
  }
  const auto samples = info[0].As<Napi::Int32Array>();
  if (samples.ElementLength() > kMaxBlockSamples) {
    throw Napi::RangeError::New(env, "a block holds at most 4194304 samples");
  }
  const auto block = EncodeRedBlock({samples.Data(), samples.ElementLength()},
                                    Signed64(info[1], "storedStartTime"), info[2].ToBoolean());
  return CopyOf(env, block);
}

std::optional<FileType> FileTypeNamed(std::string_view name) {
  if (name == "tmet") return FileType::kMetadata;
  if (name == "tidx") return FileType::kIndex;
  if (name == "tdat") return FileType::kData;
  if (name == "rdat") return FileType::kRecordData;
  if (name == "ridx") return FileType::kRecordIndex;
  return std::nullopt;
}

// readUniversalHeader(file: Uint8Array, type: string):
//   { status, startTime, endTime: bigint (stored), level1Validation, level2Validation: Buffer }
Napi::Value ReadUniversalHeader(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto type = FileTypeNamed(info[1].ToString().Utf8Value());
  if (!type) throw Napi::TypeError::New(env, "type must be a file type of MEF 3.0");
  UniversalHeader header;
  const Status status = ParseUniversalHeader(Bytes(info[0], "file"), *type, header);
  Napi::Object result = Result(env, status);
  if (status != Status::kOk) return result;
  result.Set("startTime", Napi::BigInt::New(env, header.start_time));
  result.Set("endTime", Napi::BigInt::New(env, header.end_time));
  result.Set("level1Validation", CopyOf(env, header.level_1_validation));
  result.Set("level2Validation", CopyOf(env, header.level_2_validation));
  return result;
}

void SetTechnical(Napi::Object result, const Section2& section) {
  result.Set("samplingRate", section.sampling_frequency);
  result.Set("lowFrequencyFilter", section.low_frequency_filter);
  result.Set("highFrequencyFilter", section.high_frequency_filter);
  result.Set("notchFilter", section.notch_filter);
  result.Set("acLineFrequency", section.ac_line_frequency);
  result.Set("unitsConversionFactor", section.units_conversion_factor);
  result.Set("unitsKnown", section.units_known);
  result.Set("unit", section.units_description);
  result.Set("nSamples", static_cast<double>(section.number_of_samples));
  result.Set("channelDescription", section.channel_description);
  result.Set("sessionDescription", section.session_description);
}

// readMetadata(file: Uint8Array, section2?: Uint8Array, section3?: Uint8Array)
//
// The sections are their plain bytes where the file holds ciphertext. Without
// section 3 the recording time offset is unknown: times are relative then.
//   { status, section2Level, section3Level } until section 2 can be read, then also
//   { startUutc?, endUutc?, recordingTimeOffset?, samplingRate, ... }
Napi::Value ReadMetadata(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto file = Bytes(info[0], "file");
  UniversalHeader header;
  Status status = ParseUniversalHeader(file, FileType::kMetadata, header);
  SectionLevels levels{};
  if (status == Status::kOk) status = ParseSectionLevels(file, levels);
  if (status == Status::kOk && header.body_crc != 0xFFFFFFFF &&
      !BodyCrcMatches(file.first(kMetadataFileBytes), header)) {
    status = Status::kCrcMismatch;
  }
  if (status != Status::kOk) return Result(env, status);

  const bool has_section_2 = levels.section_2 == 0 || !info[1].IsUndefined();
  const bool has_section_3 = levels.section_3 == 0 || !info[2].IsUndefined();
  Section2 technical;
  Section3 subject{};
  status = !has_section_2
               ? Status::kEncrypted
               : ParseSection2(levels.section_2 == 0 ? file.subspan(kSection2Offset, kSection2Bytes)
                                                     : Bytes(info[1], "section2"),
                               technical);
  if (status == Status::kOk && has_section_3) {
    status = ParseSection3(levels.section_3 == 0 ? file.subspan(kSection3Offset, kSection3Bytes)
                                                 : Bytes(info[2], "section3"),
                           subject);
  }
  Napi::Object result = Result(env, status);
  result.Set("section2Level", levels.section_2);
  result.Set("section3Level", levels.section_3);
  if (status != Status::kOk) return result;
  SetTechnical(result, technical);
  const std::int64_t offset = subject.recording_time_offset;
  result.Set("recordingTimeOffset", has_section_3 ? OptionalNumber(env, offset) : env.Undefined());
  result.Set("startUutc", OptionalNumber(env, TrueTime(header.start_time, offset)));
  result.Set("endUutc", OptionalNumber(env, TrueTime(header.end_time, offset)));
  return result;
}

}  // namespace

void ExportFormat(Napi::Env env, Napi::Object exports) {
  exports.Set("crc32", Napi::Function::New<CrcOf>(env, "crc32"));
  exports.Set("encodeRedBlock", Napi::Function::New<Encode>(env, "encodeRedBlock"));
  exports.Set("readUniversalHeader",
              Napi::Function::New<ReadUniversalHeader>(env, "readUniversalHeader"));
  exports.Set("readMetadata", Napi::Function::New<ReadMetadata>(env, "readMetadata"));
}

}  // namespace mef3::addon
