#ifndef MEF3_ADDON_ARGUMENTS_H_
#define MEF3_ADDON_ARGUMENTS_H_

#include <napi.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

namespace mef3::addon {

// Views of JavaScript arguments, checked. All throw a TypeError or RangeError
// that names the argument; all run on the JavaScript thread.

// The bytes of a Uint8Array (or Buffer). Borrowed: pin the value while they are
// in use off the JavaScript thread.
inline std::span<const std::uint8_t> Bytes(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a Uint8Array");
  }
  const auto array = value.As<Napi::TypedArray>();
  if (array.TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a Uint8Array");
  }
  const auto bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.ByteLength()};
}

inline double Number(const Napi::Value& value, const char* name) {
  if (!value.IsNumber()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a number");
  }
  return value.As<Napi::Number>().DoubleValue();
}

// An integer that a double holds exactly.
inline std::int64_t Integer(const Napi::Value& value, const char* name) {
  const double number = Number(value, name);
  constexpr double kSafe = 9007199254740992.0;
  if (!(std::abs(number) <= kSafe) || std::floor(number) != number) {
    throw Napi::RangeError::New(value.Env(), std::string(name) + " must be an integer within 2^53");
  }
  return static_cast<std::int64_t>(number);
}

inline std::int64_t IntegerWithin(const Napi::Value& value, const char* name, std::int64_t low,
                                  std::int64_t high) {
  const std::int64_t number = Integer(value, name);
  if (number < low || number > high) {
    throw Napi::RangeError::New(value.Env(), std::string(name) + " is out of range");
  }
  return number;
}

inline Napi::Object Object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an object");
  }
  return value.As<Napi::Object>();
}

inline Napi::Array Array(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be an array");
  }
  return value.As<Napi::Array>();
}

inline std::int64_t Signed64(const Napi::Value& value, const char* name) {
  bool lossless = false;
  if (!value.IsBigInt()) {
    throw Napi::TypeError::New(value.Env(), std::string(name) + " must be a bigint");
  }
  const std::int64_t number = value.As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) {
    throw Napi::RangeError::New(value.Env(), std::string(name) + " must fit 64 bits");
  }
  return number;
}

}  // namespace mef3::addon

#endif  // MEF3_ADDON_ARGUMENTS_H_
